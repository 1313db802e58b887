package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.tensor.Tensor;

/** RMSNorm over the last dimension. */
final class RmsNormKernel implements Kernel<Op.RmsNorm> {
    private final Workers workers;

    RmsNormKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.RmsNorm op) {
        Tensor x = op.x();
        int seqLen = x.dim(1);
        int dim = x.dim(2);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        float[] w = op.weight() == null ? null : CpuStorage.floats(op.weight());
        int wAt = w == null ? 0 : (int) op.weight().offset();
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
                    Rows.normalize(xs, from, 0, inverseRms(xs, from, dim, op.eps()), ys, to, dim);
                    if (w != null) {
                        Rows.multiply(w, wAt, ys, to, dim);
                    }
                    Activations.apply(op.activation(), ys, to, dim);
                });
    }

    static float inverseRms(float[] x, int from, int dim, float eps) {
        return (float) (1 / Math.sqrt(Simd.INSTANCE.sumSquares(x, from, dim, 0) / dim + eps));
    }
}
