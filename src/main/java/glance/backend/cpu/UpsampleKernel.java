package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.tensor.Tensor;

/** Nearest-neighbour doubling, channels last. */
final class UpsampleKernel implements Kernel<Op.UpsampleNearest2x> {
    @Override
    public void run(Op.UpsampleNearest2x op) {
        Tensor x = op.x();
        int channels = x.dim(3);
        int width = 2 * x.dim(2);
        int rows = x.dim(0) * 2 * x.dim(1);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        for (int row = 0; row < rows; row++) {
            int from = (int) x.offset() + row / 2 * x.dim(2) * channels;
            int to = (int) op.out().offset() + row * width * channels;
            for (int px = 0; px < width; px++) {
                System.arraycopy(xs, from + px / 2 * channels, ys, to + px * channels, channels);
            }
        }
    }
}
