package glance.backend.cuda;

import glance.tensor.DType;
import glance.tensor.Tensor;

/**
 * The kernels that can compute {@code x W^T}, and the one place that chooses. A kernel for newer
 * tensor cores is one more constant and one more line in {@link #of}.
 */
enum LinearVariant {
    /** linear.cu, a warp for each column: the weight is read once, for few rows. */
    ROWS,
    /** linear.cu, plain arithmetic: any dtype, any alignment. */
    PLAIN,
    /** linear_mma.cu, tensor cores: bf16 in aligned chunks of 8. {@link MmaTile} has the sizes. */
    MMA;

    /** Compute capability from which mma.sync takes bf16 and cp.async exists. */
    private static final int MMA_CAPABILITY = 80;

    /** Elements and bytes of one asynchronous copy. */
    private static final int CHUNK = 8;

    private static final int CHUNK_BYTES = 16;

    /** The variant for x [batch, seqLen, in] in the compute type and a weight [out, in]. */
    static LinearVariant of(Launcher launcher, Tensor x, Tensor weight) {
        int rows = x.dim(0) * x.dim(1);
        if (rows <= launcher.constant("linear", "linear_few_rows")) {
            return ROWS;
        }
        return takesMma(launcher, x, weight) ? MMA : PLAIN;
    }

    /** Whether tensor cores take both sides: bf16, in chunks of 16 aligned bytes. */
    static boolean takesMma(Launcher launcher, Tensor x, Tensor weight) {
        return launcher.gpu().computeCapability() >= MMA_CAPABILITY
                && isAligned(x)
                && isAligned(weight);
    }

    /** Whether all rows of a tensor are whole chunks of bf16 at multiples of 16 bytes. */
    static boolean isAligned(Tensor x) {
        return isChunked(x) && Launcher.address(x) % CHUNK_BYTES == 0;
    }

    /** The same as far as shape and strides tell. */
    static boolean isChunked(Tensor x) {
        int last = x.rank() - 1;
        boolean chunked = x.dtype() == DType.BF16 && x.dim(last) % CHUNK == 0;
        for (int axis = 0; axis < last; axis++) {
            chunked &= x.dim(axis) == 1 || x.stride(axis) % CHUNK == 0;
        }
        return chunked;
    }
}
