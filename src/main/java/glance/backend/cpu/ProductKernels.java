package glance.backend.cpu;

import glance.backend.LowRank;
import glance.backend.TrainingOp;
import glance.tensor.Tensor;

/** Matrix products of the backward pass. */
final class ProductKernels {
    private final Gemm gemm;
    private final CpuMemory memory;

    ProductKernels(Gemm gemm, CpuMemory memory) {
        this.gemm = gemm;
        this.memory = memory;
    }

    void lowRank(TrainingOp.LowRankGrad op) {
        int tokens = op.x().dim(0);
        int in = op.x().dim(1);
        int out = op.dy().dim(1);
        LowRank lora = op.lora();
        int rank = lora.a().dim(0);
        Gemm.Source x = matrix(op.x(), in);
        Gemm.Source dy = matrix(op.dy(), out);
        CpuStorage low = memory.scratch((long) tokens * rank);
        Gemm.Source lows =
                (row, k, count, to, at) ->
                        System.arraycopy(low.floats, row * rank + k, to, at, count);
        try {
            Gemm.Side up = Gemm.Side.columns(matrix(lora.b(), rank));
            gemm.run(tokens, rank, out, Gemm.Side.rows(dy), up, into(low, rank, 1));
            gemm.run(
                    rank,
                    in,
                    tokens,
                    Gemm.Side.columns(lows),
                    Gemm.Side.columns(x),
                    scaled(op.da(), lora.scale()));
            Gemm.Side down = Gemm.Side.rows(matrix(lora.a(), in));
            gemm.run(tokens, rank, in, Gemm.Side.rows(x), down, into(low, rank, 1));
            gemm.run(
                    out,
                    rank,
                    tokens,
                    Gemm.Side.columns(dy),
                    Gemm.Side.columns(lows),
                    scaled(op.db(), lora.scale()));
        } finally {
            low.release();
        }
    }

    /**
     * {@code dy W + scale (dy B) A}: the low-rank term is appended to the depth, as in the forward.
     */
    void linearInput(TrainingOp.LinearInput op) {
        int tokens = op.dy().dim(0) * op.dy().dim(1);
        int out = op.dy().dim(2);
        int in = op.weight().dim(1);
        Gemm.Source dy = matrix(op.dy(), out);
        Gemm.Source weight = matrix(op.weight(), in);
        if (op.lora() == null) {
            Gemm.Side left = Gemm.Side.rows(dy);
            gemm.run(tokens, in, out, left, Gemm.Side.columns(weight), scaled(op.out(), 1));
            return;
        }
        LowRank lora = op.lora();
        int rank = lora.a().dim(0);
        CpuStorage low = memory.scratch((long) tokens * rank);
        try {
            Gemm.Side up = Gemm.Side.columns(matrix(lora.b(), rank));
            gemm.run(tokens, rank, out, Gemm.Side.rows(dy), up, into(low, rank, lora.scale()));
            Gemm.Source down = matrix(lora.a(), in);
            Gemm.Source joinedDy =
                    LinearKernel.joined(
                            out,
                            dy,
                            (row, k, count, to, at) ->
                                    System.arraycopy(low.floats, row * rank + k, to, at, count));
            Gemm.Source stacked =
                    (row, k, count, to, at) -> {
                        if (row < out) {
                            weight.read(row, k, count, to, at);
                        } else {
                            down.read(row - out, k, count, to, at);
                        }
                    };
            gemm.run(
                    tokens,
                    in,
                    out + rank,
                    Gemm.Side.rows(joinedDy),
                    Gemm.Side.columns(stacked),
                    scaled(op.out(), 1));
        } finally {
            low.release();
        }
    }

    /** Rows of a contiguous tensor seen as a matrix of some width. */
    private static Gemm.Source matrix(Tensor t, int width) {
        return (row, k, count, to, at) ->
                Widen.toFloats(t, t.offset() + (long) row * width + k, to, at, count);
    }

    private static Gemm.Sink into(CpuStorage scratch, int width, float scale) {
        return (m, n, count, values, at) -> {
            for (int i = 0; i < count; i++) {
                scratch.floats[m * width + n + i] = scale * values[at + i];
            }
        };
    }

    private static Gemm.Sink scaled(Tensor out, float scale) {
        float[] ys = CpuStorage.floats(out);
        int width = out.dim(-1);
        int origin = (int) out.offset();
        return (m, n, count, values, at) -> {
            int to = origin + m * width + n;
            for (int i = 0; i < count; i++) {
                ys[to + i] = scale * values[at + i];
            }
        };
    }
}
