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

    void matMul(TrainingOp.MatMul op) {
        Tensor a = op.a();
        Tensor b = op.b();
        Gemm.Side left = op.transposeA() ? columns(a) : rows(a);
        Gemm.Side right = op.transposeB() ? rows(b) : columns(b);
        int k = a.dim(op.transposeA() ? 0 : 1);
        gemm.run(op.out().dim(0), op.out().dim(1), k, left, right, scaled(op.out(), op.scale()));
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
            Gemm.Sink sink =
                    (m, n, count, values, at) -> {
                        for (int i = 0; i < count; i++) {
                            low.floats[m * rank + n + i] = lora.scale() * values[at + i];
                        }
                    };
            Gemm.Side up = Gemm.Side.columns(matrix(lora.b(), rank));
            gemm.run(tokens, rank, out, Gemm.Side.rows(dy), up, sink);
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

    private static Gemm.Side rows(Tensor matrix) {
        return Gemm.Side.rows(matrix(matrix, matrix.dim(1)));
    }

    private static Gemm.Side columns(Tensor matrix) {
        return Gemm.Side.columns(matrix(matrix, matrix.dim(1)));
    }

    /** Rows of a contiguous tensor seen as a matrix of some width. */
    private static Gemm.Source matrix(Tensor t, int width) {
        return (row, k, count, to, at) ->
                Widen.toFloats(t, t.offset() + (long) row * width + k, to, at, count);
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
