package glance.backend.cpu;

import glance.op.Op;
import glance.tensor.Tensor;

/** Element by element operations on contiguous tensors. */
final class Pointwise {
    /** Elements of a task when an operation is shared out. */
    private static final int PIECE = 1 << 14;

    private final Workers workers;

    Pointwise(Workers workers) {
        this.workers = workers;
    }

    void gateResidual(Op.GateResidual op) {
        Tensor y = op.y();
        Tensor gate = op.gate();
        int seqLen = y.dim(1);
        int dim = y.dim(2);
        float[] rs = CpuStorage.floats(op.residual());
        float[] gs = CpuStorage.floats(gate);
        float[] ys = CpuStorage.floats(y);
        float[] out = CpuStorage.floats(op.out());
        workers.forEachRange(
                y.dim(0) * seqLen,
                dim,
                row -> {
                    int to = (int) op.out().offset() + row * dim;
                    System.arraycopy(ys, (int) y.offset() + row * dim, out, to, dim);
                    Rows.multiply(gs, LayerNormKernel.perSample(gate, row / seqLen), out, to, dim);
                    Rows.add(rs, (int) op.residual().offset() + row * dim, out, to, dim);
                });
    }

    void unary(Op.Unary op) {
        float[] xs = CpuStorage.floats(op.x());
        float[] out = CpuStorage.floats(op.out());
        pieces(
                op.x().numel(),
                (at, count) -> {
                    int to = (int) op.out().offset() + at;
                    System.arraycopy(xs, (int) op.x().offset() + at, out, to, count);
                    Activations.apply(op.activation(), out, to, count);
                });
    }

    void gatedActivation(Op.GatedActivation op) {
        float[] gs = CpuStorage.floats(op.gate());
        float[] us = CpuStorage.floats(op.up());
        float[] out = CpuStorage.floats(op.out());
        pieces(
                op.gate().numel(),
                (at, count) -> {
                    int to = (int) op.out().offset() + at;
                    System.arraycopy(gs, (int) op.gate().offset() + at, out, to, count);
                    Activations.apply(op.activation(), out, to, count);
                    Rows.multiply(us, (int) op.up().offset() + at, out, to, count);
                });
    }

    /** The operand b repeats along a: whole, once per row, or a single value. */
    void binary(Op.Binary op) {
        float[] as = CpuStorage.floats(op.a());
        float[] bs = CpuStorage.floats(op.b());
        float[] out = CpuStorage.floats(op.out());
        int period = (int) op.b().numel();
        pieces(
                op.a().numel(),
                (at, count) -> {
                    int to = (int) op.out().offset() + at;
                    int from = (int) op.a().offset() + at;
                    for (int i = 0; i < count; i++) {
                        float b = bs[(int) op.b().offset() + (at + i) % period];
                        out[to + i] =
                                op.kind() == Op.Binary.Kind.ADD
                                        ? as[from + i] + b
                                        : as[from + i] * b;
                    }
                });
    }

    /** Works on elements {@code [at, at + count)}. */
    @FunctionalInterface
    interface Piece {
        void run(int at, int count);
    }

    private void pieces(long numel, Piece piece) {
        pieces(workers, numel, piece);
    }

    /** Shares a range of elements out. */
    static void pieces(Workers workers, long numel, Piece piece) {
        int total = (int) numel;
        workers.forEach(
                (total + PIECE - 1) / PIECE,
                p -> piece.run(p * PIECE, Math.min(PIECE, total - p * PIECE)));
    }
}
