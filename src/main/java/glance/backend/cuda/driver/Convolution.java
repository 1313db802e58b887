package glance.backend.cuda.driver;

import glance.tensor.DType;

/**
 * Two-dimensional convolutions (cross-correlations) by a library: pictures [batch, height, width,
 * channels], weights [filters, kernelHeight, kernelWidth, channels], sums in F32. Bound to the
 * stream that it was opened for.
 */
public interface Convolution extends AutoCloseable {
    /**
     * Sizes of a convolution.
     *
     * @param dtype of picture, weight and result, F32 or BF16
     * @param padHeight rows of zeros above and below
     * @param padWidth columns of zeros left and right
     */
    record Geometry(
            DType dtype,
            int batch,
            int height,
            int width,
            int channels,
            int filters,
            int kernelHeight,
            int kernelWidth,
            int stride,
            int padHeight,
            int padWidth) {
        /** Rows of the result. */
        public int outHeight() {
            return (height + 2 * padHeight - kernelHeight) / stride + 1;
        }

        /** Columns of the result. */
        public int outWidth() {
            return (width + 2 * padWidth - kernelWidth) / stride + 1;
        }
    }

    /** Scratch that {@link #convolve} has to be lent. */
    long workspaceBytes(Geometry geometry);

    /**
     * Queues a convolution; addresses of device memory.
     *
     * @throws glance.api.DeviceException if the library refuses it, with its words
     */
    void convolve(Geometry geometry, long x, long weight, long out, long workspace);

    @Override
    void close();
}
