package glance.backend.cpu;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.tensor.Tensor;

/** LayerNorm over the last dimension with weight and bias, or per-sample scale and shift. */
final class LayerNormKernel implements Kernel<Op.LayerNorm> {
    private final Workers workers;

    LayerNormKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.LayerNorm op) {
        Tensor x = op.x();
        int seqLen = x.dim(1);
        int dim = x.dim(2);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        workers.forEach(
                x.dim(0) * seqLen,
                row -> {
                    int b = row / seqLen;
                    int from = (int) (x.offset() + b * x.stride(0) + row % seqLen * x.stride(1));
                    int to = (int) op.out().offset() + row * dim;
                    double mean = 0;
                    for (int d = 0; d < dim; d++) {
                        mean += xs[from + d];
                    }
                    mean /= dim;
                    double variance = 0;
                    for (int d = 0; d < dim; d++) {
                        variance += (xs[from + d] - mean) * (xs[from + d] - mean);
                    }
                    double scale = 1 / Math.sqrt(variance / dim + op.eps());
                    for (int d = 0; d < dim; d++) {
                        double y = (xs[from + d] - mean) * scale;
                        if (op.weight() != null) {
                            y *= value(op.weight(), d);
                        }
                        if (op.bias() != null) {
                            y += value(op.bias(), d);
                        }
                        if (op.scale() != null) {
                            y = y * (1 + sample(op.scale(), b, d)) + sample(op.shift(), b, d);
                        }
                        ys[to + d] = (float) y;
                    }
                });
    }

    private static float value(Tensor vector, int d) {
        return CpuStorage.floats(vector)[(int) vector.offset() + d];
    }

    private static float sample(Tensor t, int b, int d) {
        return CpuStorage.floats(t)[(int) (t.offset() + (t.dim(0) == 1 ? 0 : b) * t.stride(0)) + d];
    }
}
