package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.tensor.Tensor;

/** LayerNorm over the last dimension with weight and bias, or per-sample scale and shift. */
final class LayerNormKernel implements Kernel<Op.LayerNorm> {
    private static final Simd SIMD = Simd.INSTANCE;

    private final Workers workers;

    LayerNormKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public String refuses(Op.LayerNorm op) {
        return op.rounded() == null ? null : "a result in 8 bits, which no product here reads";
    }

    @Override
    public void run(Op.LayerNorm op) {
        Tensor x = op.x();
        int seqLen = x.dim(1);
        int dim = x.dim(2);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        workers.forEachRange(
                x.dim(0) * seqLen,
                dim,
                row -> {
                    int from =
                            (int)
                                    (x.offset()
                                            + row / seqLen * x.stride(0)
                                            + row % seqLen * x.stride(1));
                    int to = (int) op.out().offset() + row * dim;
                    float mean = SIMD.sum(xs, from, dim) / dim;
                    float variance = SIMD.sumSquares(xs, from, dim, mean) / dim;
                    float scale = (float) (1 / Math.sqrt(variance + op.eps()));
                    Rows.normalize(xs, from, mean, scale, ys, to, dim);
                    adapt(op, row / seqLen, ys, to, dim);
                });
    }

    private static void adapt(Op.LayerNorm op, int sample, float[] ys, int to, int dim) {
        if (op.weight() != null) {
            Rows.multiply(CpuStorage.floats(op.weight()), (int) op.weight().offset(), ys, to, dim);
        }
        if (op.bias() != null) {
            Rows.add(CpuStorage.floats(op.bias()), (int) op.bias().offset(), ys, to, dim);
        }
        if (op.scale() != null) {
            Rows.modulate(
                    CpuStorage.floats(op.scale()),
                    perSample(op.scale(), sample),
                    CpuStorage.floats(op.shift()),
                    perSample(op.shift(), sample),
                    ys,
                    to,
                    dim);
        }
    }

    /** Where the vector of a sample starts in [batch or 1, dim]. */
    static int perSample(Tensor t, int sample) {
        return (int) (t.offset() + (t.dim(0) == 1 ? 0 : sample) * t.stride(0));
    }
}
