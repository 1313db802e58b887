package glance.backend.cpu;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.tensor.Tensor;

/** Direct convolution, channels last. */
final class Conv2dKernel implements Kernel<Op.Conv2d> {
    private final Workers workers;

    Conv2dKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.Conv2d op) {
        Tensor x = op.x();
        int height = x.dim(1);
        int width = x.dim(2);
        int in = x.dim(3);
        int outHeight = op.out().dim(1);
        int outWidth = op.out().dim(2);
        int out = op.out().dim(3);
        int kh = op.weight().dim(1);
        int kw = op.weight().dim(2);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        float[] ws = new float[(int) op.weight().numel()];
        Widen.toFloats(op.weight(), op.weight().offset(), ws, 0, ws.length);
        workers.forEach(
                x.dim(0) * outHeight,
                task -> {
                    int b = task / outHeight;
                    int y = task % outHeight;
                    for (int px = 0; px < outWidth; px++) {
                        for (int n = 0; n < out; n++) {
                            double sum =
                                    op.bias() == null
                                            ? 0
                                            : CpuStorage.floats(op.bias())[
                                                    (int) op.bias().offset() + n];
                            for (int i = 0; i < kh; i++) {
                                int sy = y * op.stride() - op.padding().top() + i;
                                if (sy < 0 || sy >= height) {
                                    continue;
                                }
                                for (int j = 0; j < kw; j++) {
                                    int sx = px * op.stride() - op.padding().left() + j;
                                    if (sx < 0 || sx >= width) {
                                        continue;
                                    }
                                    int from =
                                            (int) x.offset()
                                                    + ((b * height + sy) * width + sx) * in;
                                    int w = ((n * kh + i) * kw + j) * in;
                                    for (int c = 0; c < in; c++) {
                                        sum += (double) xs[from + c] * ws[w + c];
                                    }
                                }
                            }
                            int at = ((b * outHeight + y) * outWidth + px) * out + n;
                            float residual =
                                    op.residual() == null
                                            ? 0
                                            : CpuStorage.floats(op.residual())[
                                                    (int) op.residual().offset() + at];
                            ys[(int) op.out().offset() + at] = (float) sum + residual;
                        }
                    }
                });
    }
}
