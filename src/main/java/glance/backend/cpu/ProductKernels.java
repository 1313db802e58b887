package glance.backend.cpu;

import glance.op.LowRank;
import glance.op.TrainingOp;

/** Matrix products of the backward pass. */
final class ProductKernels {
    private final Gemm gemm;
    private final CpuMemory memory;

    ProductKernels(Gemm gemm, CpuMemory memory) {
        this.gemm = gemm;
        this.memory = memory;
    }

    /**
     * {@code S = scale dy B} is made once, for {@code dx = dy W + S A} and for {@code da = S^T x}.
     */
    void linear(TrainingOp.LinearGrad op) {
        LowRank lora = op.lora();
        if (lora == null) {
            frozen(op);
            return;
        }
        int tokens = tokens(op);
        int in = op.forward().weight().dim(1);
        int out = op.forward().weight().dim(0);
        int rank = lora.a().dim(0);
        Gemm.Source dy = Gemm.Source.of(op.dy(), out);
        CpuStorage low = memory.scratch((long) tokens * rank);
        try {
            Gemm.Target scaled = LinearKernel.scaledInto(low.floats, 0, lora);
            Gemm.Source lows = scaled.rows(rank);
            Gemm.Side up = Gemm.Side.columns(Gemm.Source.of(lora.b(), rank));
            gemm.run(tokens, rank, out, Gemm.Side.rows(dy), up, scaled);
            if (op.dx() != null) {
                input(op, lows);
            }
            if (op.da() != null) {
                Gemm.Source x = Gemm.Source.of(op.forward().x(), in);
                Gemm.Side left = Gemm.Side.columns(lows);
                gemm.run(
                        rank,
                        in,
                        tokens,
                        left,
                        Gemm.Side.columns(x),
                        Gemm.Target.of(op.da(), null));
                Gemm.Side down = Gemm.Side.rows(Gemm.Source.of(lora.a(), in));
                gemm.run(tokens, rank, in, Gemm.Side.rows(x), down, scaled);
                gemm.run(
                        out,
                        rank,
                        tokens,
                        Gemm.Side.columns(dy),
                        left,
                        Gemm.Target.of(op.db(), null));
            }
        } finally {
            low.release();
        }
    }

    private void frozen(TrainingOp.LinearGrad op) {
        int in = op.forward().weight().dim(1);
        int out = op.forward().weight().dim(0);
        Gemm.Side left = Gemm.Side.rows(Gemm.Source.of(op.dy(), out));
        Gemm.Side right = Gemm.Side.columns(Gemm.Source.of(op.forward().weight(), in));
        gemm.run(tokens(op), in, out, left, right, Gemm.Target.of(op.dx(), null));
    }

    /** {@code dy W + S A}: the low-rank term is appended to the depth, as in the forward. */
    private void input(TrainingOp.LinearGrad op, Gemm.Source lows) {
        int in = op.forward().weight().dim(1);
        int out = op.forward().weight().dim(0);
        int rank = op.lora().a().dim(0);
        Gemm.Source weight = Gemm.Source.of(op.forward().weight(), in);
        Gemm.Source down = Gemm.Source.of(op.lora().a(), in);
        Gemm.Source stacked =
                (row, k, count, to, at) -> {
                    if (row < out) {
                        weight.read(row, k, count, to, at);
                    } else {
                        down.read(row - out, k, count, to, at);
                    }
                };
        Gemm.Side left =
                Gemm.Side.rows(LinearKernel.joined(out, Gemm.Source.of(op.dy(), out), lows));
        gemm.run(
                tokens(op),
                in,
                out + rank,
                left,
                Gemm.Side.columns(stacked),
                Gemm.Target.of(op.dx(), null));
    }

    private static int tokens(TrainingOp.LinearGrad op) {
        return op.dy().dim(0) * op.dy().dim(1);
    }
}
