package glance.backend.cpu;

import glance.backend.Activation;
import glance.backend.Op;
import glance.backend.TrainingOp;
import glance.tensor.Tensor;

/** Gradients of element by element operations, and sums into memory. */
final class PointwiseGrads {
    private final Workers workers;

    PointwiseGrads(Workers workers) {
        this.workers = workers;
    }

    void gate(TrainingOp.GateGrad op) {
        Op.GateResidual forward = op.forward();
        Tensor y = forward.y();
        Tensor gate = forward.gate();
        int batch = y.dim(0);
        int seqLen = y.dim(1);
        int dim = y.dim(2);
        float[] ys = CpuStorage.floats(y);
        float[] gs = CpuStorage.floats(gate);
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(op.out());
        double[] sums = new double[batch * dim];
        workers.forEach(
                batch,
                b -> {
                    int g = LayerNormKernel.perSample(gate, b);
                    for (int t = 0; t < seqLen; t++) {
                        int row = (b * seqLen + t) * dim;
                        for (int d = 0; d < dim; d++) {
                            float dy = dys[(int) op.dy().offset() + row + d];
                            sums[b * dim + d] += (double) ys[(int) y.offset() + row + d] * dy;
                            dxs[(int) op.out().offset() + row + d] = gs[g + d] * dy;
                        }
                    }
                });
        NormGradKernels.perSample(sums, batch, dim, op.dGate());
    }

    void activation(TrainingOp.ActivationGrad op) {
        float[] xs = CpuStorage.floats(op.x());
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(op.out());
        workers.forEachRange(
                (int) op.x().numel(),
                8,
                i ->
                        dxs[(int) op.out().offset() + i] =
                                slope(op.activation(), xs[(int) op.x().offset() + i])
                                        * dys[(int) op.dy().offset() + i]);
    }

    /** {@code act'(x)}. */
    static float slope(Activation activation, float x) {
        switch (activation) {
            case NONE:
                return 1;
            case HARD_TANH:
                return x > -1 && x < 1 ? 1 : 0;
            case GELU_ERF:
                double density = Math.exp(-0.5 * x * x) * 0.3989422804014327;
                return (float) (0.5 * (1 + Erf.erf(x * 0.7071067811865476)) + x * density);
            case SILU:
                return sigmoidSlope(x, 1, 0);
            case QUICK_GELU:
                return sigmoidSlope(x, 1.702, 0);
            case GELU_TANH:
                return sigmoidSlope(x, 1.5957691216057308, 0.07135481282636278);
            default:
                throw new IllegalArgumentException("no slope for " + activation);
        }
    }

    /** Slope of {@code x s(z)}, s the sigmoid and {@code z = linear x + cubic x^3}. */
    private static float sigmoidSlope(double x, double linear, double cubic) {
        double z = x * (linear + cubic * x * x);
        double s = 1 / (1 + Math.exp(-z));
        return (float) (s + x * s * (1 - s) * (linear + 3 * cubic * x * x));
    }

    void accumulate(TrainingOp.Accumulate op) {
        if (op.x().numel() > 0) {
            add(op.x(), op.out(), 0, op.x().offset(), op.out().offset());
        }
    }

    private static void add(Tensor x, Tensor out, int axis, long from, long to) {
        if (axis == x.rank() - 1 && x.stride(axis) == 1 && out.stride(axis) == 1) {
            Rows.add(
                    CpuStorage.floats(x),
                    (int) from,
                    CpuStorage.floats(out),
                    (int) to,
                    x.dim(axis));
            return;
        }
        if (axis == x.rank()) {
            CpuStorage.floats(out)[(int) to] += CpuStorage.floats(x)[(int) from];
            return;
        }
        for (int i = 0; i < x.dim(axis); i++) {
            add(x, out, axis + 1, from + i * x.stride(axis), to + i * out.stride(axis));
        }
    }

    void fill(TrainingOp.Fill op) {
        int at = (int) op.out().offset();
        java.util.Arrays.fill(
                CpuStorage.floats(op.out()), at, at + (int) op.out().numel(), op.value());
    }
}
