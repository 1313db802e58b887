package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * Convolution, channels last, as a product of patches and filters that never stores the patches:
 * the left rows are gathered from the picture while they are packed.
 */
final class Conv2dKernel implements Kernel<Op.Conv2d> {
    private final Gemm gemm;

    Conv2dKernel(Gemm gemm) {
        this.gemm = gemm;
    }

    @Override
    public void run(Op.Conv2d op) {
        int pixels = op.out().dim(0) * op.out().dim(1) * op.out().dim(2);
        int out = op.out().dim(3);
        int depth = op.weight().dim(1) * op.weight().dim(2) * op.weight().dim(3);
        Gemm.Source filters = Gemm.Source.of(op.weight(), depth);
        gemm.run(pixels, out, depth, patches(op), filters, target(op, out));
    }

    @Override
    public long workspaceBytes(Op.Conv2d op) {
        long pixels = (long) op.out().dim(0) * op.out().dim(1) * op.out().dim(2);
        return Gemm.workspaceBytes(
                pixels, 1, (long) op.weight().dim(1) * op.weight().dim(2) * op.weight().dim(3));
    }

    /** Row = output pixel; element = (kernel row, kernel column, channel) of its patch. */
    private static Gemm.Source patches(Op.Conv2d op) {
        Tensor x = op.x();
        float[] xs = CpuStorage.floats(x);
        int origin = (int) x.offset();
        int height = x.dim(1);
        int width = x.dim(2);
        int channels = x.dim(3);
        int kernelWidth = op.weight().dim(2);
        int outHeight = op.out().dim(1);
        int outWidth = op.out().dim(2);
        return (row, k, count, to, at) -> {
            int batch = row / (outHeight * outWidth);
            int top = row / outWidth % outHeight * op.stride() - op.padding().top();
            int left = row % outWidth * op.stride() - op.padding().left();
            int done = 0;
            while (done < count) {
                int element = k + done;
                int position = element / channels;
                int channel = element % channels;
                int length = Math.min(channels - channel, count - done);
                int sy = top + position / kernelWidth;
                int sx = left + position % kernelWidth;
                if (sy >= 0 && sy < height && sx >= 0 && sx < width) {
                    int from = origin + ((batch * height + sy) * width + sx) * channels + channel;
                    System.arraycopy(xs, from, to, at + done, length);
                } else {
                    java.util.Arrays.fill(to, at + done, at + done + length, 0);
                }
                done += length;
            }
        };
    }

    private static Gemm.Target target(Op.Conv2d op, int out) {
        float[] bias = op.bias() == null ? null : CpuStorage.floats(op.bias());
        int biasAt = bias == null ? 0 : (int) op.bias().offset();
        float[] residual = op.residual() == null ? null : CpuStorage.floats(op.residual());
        int residualAt = residual == null ? 0 : (int) op.residual().offset();
        Gemm.Finish finish =
                (m, n, count, ys, y) -> {
                    if (bias != null) {
                        Rows.add(bias, biasAt + n, ys, y, count);
                    }
                    if (residual != null) {
                        Rows.add(residual, residualAt + m * out + n, ys, y, count);
                    }
                };
        return Gemm.Target.of(op.out(), finish);
    }
}
