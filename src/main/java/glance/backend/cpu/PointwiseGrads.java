package glance.backend.cpu;

import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;

/** Gradients of element by element operations, and sums into memory. */
final class PointwiseGrads {
    /**
     * Tokens whose parts of a sum over all tokens are added up first, for any number of threads.
     */
    private static final int TOKENS = 32;

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
        int groups = (seqLen + TOKENS - 1) / TOKENS;
        float[] ys = CpuStorage.floats(y);
        float[] gs = CpuStorage.floats(gate);
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(op.out());
        boolean wanted = op.dGate() != null;
        double[][] sums = new double[batch * groups][wanted ? dim : 0];
        workers.forEach(
                batch * groups,
                group -> {
                    int b = group / groups;
                    int g = LayerNormKernel.perSample(gate, b);
                    int first = group % groups * TOKENS;
                    for (int t = first; t < Math.min(seqLen, first + TOKENS); t++) {
                        int row = (b * seqLen + t) * dim;
                        int from = (int) y.offset() + row;
                        int dy = (int) op.dy().offset() + row;
                        int dx = (int) op.out().offset() + row;
                        for (int d = 0; d < sums[group].length; d++) {
                            sums[group][d] += (double) ys[from + d] * dys[dy + d];
                        }
                        for (int d = 0; d < dim; d++) {
                            dxs[dx + d] = gs[g + d] * dys[dy + d];
                        }
                    }
                });
        if (wanted) {
            NormGradKernels.perSample(sums, groups, op.dGate());
        }
    }

    void activation(TrainingOp.ActivationGrad op) {
        float[] xs = CpuStorage.floats(op.x());
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(op.out());
        Pointwise.pieces(
                workers,
                op.x().numel(),
                (at, count) -> {
                    int to = (int) op.out().offset() + at;
                    System.arraycopy(dys, (int) op.dy().offset() + at, dxs, to, count);
                    int from = (int) op.x().offset() + at;
                    Activations.multiplySlope(op.activation(), xs, from, dxs, to, count);
                });
    }

    void sumRows(TrainingOp.SumRows op) {
        int rows = op.x().dim(0);
        int dim = op.x().dim(1);
        int groups = (rows + TOKENS - 1) / TOKENS;
        float[] xs = CpuStorage.floats(op.x());
        double[][] sums = new double[groups][dim];
        workers.forEach(
                groups,
                group -> {
                    int first = group * TOKENS;
                    for (int t = first; t < Math.min(rows, first + TOKENS); t++) {
                        int from = (int) op.x().offset() + t * dim;
                        for (int d = 0; d < dim; d++) {
                            sums[group][d] += xs[from + d];
                        }
                    }
                });
        NormGradKernels.perSample(sums, groups, op.out().reshape(1, dim));
    }

    void accumulate(TrainingOp.Accumulate op) {
        Tensor x = op.x();
        if (x.numel() == 0) {
            return;
        }
        int width = x.rank() == 0 ? 1 : x.dim(-1);
        int step = x.rank() == 0 ? 1 : (int) x.stride(-1);
        int outStep = x.rank() == 0 ? 1 : (int) op.out().stride(-1);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        workers.forEachRange(
                (int) (x.numel() / width),
                width,
                row -> {
                    int from = rowAt(x, row);
                    int to = rowAt(op.out(), row);
                    if (step == 1 && outStep == 1) {
                        Rows.add(xs, from, ys, to, width);
                        return;
                    }
                    for (int i = 0; i < width; i++) {
                        ys[to + i * outStep] += xs[from + i * step];
                    }
                });
    }

    /** Where row {@code row} starts, counted over all dimensions but the last. */
    private static int rowAt(Tensor t, int row) {
        long at = t.offset();
        for (int axis = t.rank() - 2; axis >= 0; axis--) {
            at += row % t.dim(axis) * t.stride(axis);
            row /= t.dim(axis);
        }
        return (int) at;
    }

    void fill(TrainingOp.Fill op) {
        int at = (int) op.out().offset();
        java.util.Arrays.fill(
                CpuStorage.floats(op.out()), at, at + (int) op.out().numel(), op.value());
    }
}
