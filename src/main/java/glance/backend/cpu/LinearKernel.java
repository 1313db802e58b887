package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Linear product with low-rank addition and epilogue. The low-rank term costs no second pass:
 * {@code S = scale X A^T} (with a scale for each column, if there are any) is appended to the rows
 * of X and B to the rows of W, so {@code X W^T + S B^T} is one product of depth in + rank. Shares
 * of the rows may have terms of their own.
 */
final class LinearKernel implements Kernel<Op.Linear> {
    private final Gemm gemm;
    private final FewRows fewRows;
    private final CpuMemory memory;

    LinearKernel(Gemm gemm, FewRows fewRows, CpuMemory memory) {
        this.gemm = gemm;
        this.fewRows = fewRows;
        this.memory = memory;
    }

    @Override
    public String refuses(Op.Linear op) {
        return op.weight().dtype().isReal() ? null : "weights of dtype " + op.weight().dtype();
    }

    @Override
    public void run(Op.Linear op) {
        int rank = op.lora() == null ? 0 : op.lora().rank();
        CpuStorage low = memory.scratch((long) rows(op) * rank);
        try {
            if (!isShort(op)) {
                blocked(op, low.floats);
            } else if (op.loras().size() < 2) {
                few(op, low.floats);
            } else {
                for (int share = 0; share < op.loras().size(); share++) {
                    few(op.share(share), low.floats);
                }
            }
        } finally {
            low.release();
        }
    }

    private void blocked(Op.Linear op, float[] low) {
        int in = op.x().dim(2);
        List<LowRank> loras = op.loras();
        List<Gemm.Extension> extensions = loras.isEmpty() ? Gemm.NONE : new ArrayList<>();
        int rows = rows(op) / Math.max(1, loras.size());
        int at = 0;
        for (int share = 0; share < loras.size(); share++) {
            LowRank lora = loras.get(share);
            if (lora == null) {
                extensions.add(null);
                continue;
            }
            int rank = lora.rank();
            extensions.add(
                    new Gemm.Extension(
                            rank,
                            Gemm.Side.rows(Gemm.Source.of(lora.a(), in)),
                            scaledInto(low, at - share * rows * rank, lora),
                            Gemm.Side.rows(Gemm.Source.of(lora.b(), rank))));
            at += rows * rank;
        }
        gemm.run(
                rows(op),
                op.weight().dim(0),
                in,
                Gemm.Side.rows(tokens(op.x())),
                Gemm.Side.rows(Gemm.Source.of(op.weight(), in)),
                extensions,
                Gemm.Target.of(op.out(), epilogue(op)));
    }

    private void few(Op.Linear op, float[] storage) {
        int rows = rows(op);
        int in = op.x().dim(2);
        int out = op.weight().dim(0);
        Gemm.Source inputs = tokens(op.x());
        Gemm.Source weights = Gemm.Source.of(op.weight(), in);
        Gemm.Target target = Gemm.Target.of(op.out(), epilogue(op));
        if (op.lora() == null) {
            fewRows.run(rows, out, in, inputs, weights, target);
            return;
        }
        LowRank lora = op.loras().get(0);
        int rank = lora.rank();
        Gemm.Target low = scaledInto(storage, 0, lora);
        fewRows.run(rows, rank, in, inputs, Gemm.Source.of(lora.a(), in), low);
        Gemm.Source left = joined(in, inputs, low.rows(rank));
        Gemm.Source right = joined(in, weights, Gemm.Source.of(lora.b(), rank));
        fewRows.run(rows, out, in + rank, left, right, target);
    }

    private static int rows(Op.Linear op) {
        return op.x().dim(0) * op.x().dim(1);
    }

    /**
     * By dim 1, the length of a sequence: bits do not depend on how many samples of that length
     * there are. A prompt that is padded to a longer one may differ in the last bits.
     */
    private static boolean isShort(Op.Linear op) {
        return op.x().dim(1) <= FewRows.MOST;
    }

    @Override
    public long workspaceBytes(Op.Linear op) {
        long rows = rows(op);
        int rank = op.lora() == null ? 0 : op.lora().rank();
        long depth = op.x().dim(2) + rank;
        int shares = Math.max(1, op.loras().size());
        long product =
                isShort(op)
                        ? FewRows.workspaceBytes(depth)
                        : Gemm.workspaceBytes(rows, shares, depth);
        return product + rows * rank * Float.BYTES;
    }

    /** Rows of [batch, seqLen, dim] with any outer strides. */
    private static Gemm.Source tokens(Tensor x) {
        float[] values = CpuStorage.floats(x);
        int seqLen = x.dim(1);
        return (row, k, count, to, at) -> {
            long from = x.offset() + row / seqLen * x.stride(0) + row % seqLen * x.stride(1) + k;
            System.arraycopy(values, (int) from, to, at, count);
        };
    }

    /** Rows of {@code first} (width {@code split}) continued by rows of {@code second}. */
    static Gemm.Source joined(int split, Gemm.Source first, Gemm.Source second) {
        return new Joined(split, first, second);
    }

    private record Joined(int split, Gemm.Source first, Gemm.Source second) implements Gemm.Source {
        @Override
        public void read(int row, int k, int count, float[] to, int at) {
            read(row, 1, k, count, to, at, 0);
        }

        @Override
        public void read(int row, int rows, int k, int count, float[] to, int at, int stride) {
            int head = Math.max(0, Math.min(count, split - k));
            if (head > 0) {
                first.read(row, rows, k, head, to, at, stride);
            }
            if (head < count) {
                int from = k + head - split;
                second.read(row, rows, from, count - head, to, at + head, stride);
            }
        }

        @Override
        public boolean readShorts(int row, int rows, int k, int count, short[] to, int stride) {
            return k + count <= split && first.readShorts(row, rows, k, count, to, stride);
        }
    }

    /** S [rows, rank] from {@code at} on: products, times the scales of their columns. */
    static Gemm.Target scaledInto(float[] target, int at, LowRank lora) {
        int rank = lora.rank();
        float[] scales = new float[rank];
        Arrays.fill(scales, 1);
        if (lora.scales() != null) {
            System.arraycopy(
                    CpuStorage.floats(lora.scales()),
                    (int) lora.scales().offset(),
                    scales,
                    0,
                    rank);
        }
        for (int r = 0; r < rank; r++) {
            scales[r] *= lora.scale();
        }
        return new Gemm.Target(
                target,
                at,
                (m, n, count, values, to) -> Rows.multiply(scales, n, values, to, count));
    }

    private static Gemm.Finish epilogue(Op.Linear op) {
        Epilogue epilogue = op.epilogue();
        int seqLen = op.x().dim(1);
        float[] bias = op.bias() == null ? null : CpuStorage.floats(op.bias());
        int biasAt = bias == null ? 0 : (int) op.bias().offset();
        Tensor gate = epilogue.gate();
        float[] gates = gate == null ? null : CpuStorage.floats(gate);
        Tensor residual = epilogue.residual();
        float[] residuals = residual == null ? null : CpuStorage.floats(residual);
        return (m, n, count, ys, y) -> {
            if (bias != null) {
                Rows.add(bias, biasAt + n, ys, y, count);
            }
            Activations.apply(epilogue.activation(), ys, y, count);
            if (gate != null) {
                long sample = gate.dim(0) == 1 ? 0 : m / seqLen;
                Rows.multiply(
                        gates, (int) (gate.offset() + sample * gate.stride(0)) + n, ys, y, count);
            }
            if (residual != null) {
                long row = m / seqLen * residual.stride(0) + m % seqLen * residual.stride(1);
                Rows.add(residuals, (int) (residual.offset() + row) + n, ys, y, count);
            }
        };
    }
}
