package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * Linear product with low-rank addition and epilogue. The low-rank term costs no second pass:
 * {@code S = scale X A^T} (with a scale for each column, if there are any) is appended to the rows
 * of X and B to the rows of W, so {@code X W^T + S B^T} is one product of depth in + rank.
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
        Tensor x = op.x();
        int rows = x.dim(0) * x.dim(1);
        int in = x.dim(2);
        int out = op.weight().dim(0);
        Gemm.Source inputs = tokens(x);
        Gemm.Source weights = Gemm.Source.of(op.weight(), in);
        Gemm.Target target = Gemm.Target.of(op.out(), epilogue(op));
        if (op.lora() == null) {
            if (isShort(op)) {
                fewRows.run(rows, out, in, inputs, weights, target);
            } else {
                gemm.run(rows, out, in, inputs, weights, target);
            }
            return;
        }
        LowRank lora = op.lora();
        int rank = lora.rank();
        CpuStorage storage = memory.scratch((long) rows * rank);
        try {
            Gemm.Target low = scaledInto(storage.floats, lora);
            Gemm.Source down = Gemm.Source.of(lora.a(), in);
            Gemm.Source up = Gemm.Source.of(lora.b(), rank);
            if (isShort(op)) {
                fewRows.run(rows, rank, in, inputs, down, low);
                Gemm.Source left = joined(in, inputs, low.rows(rank));
                fewRows.run(rows, out, in + rank, left, joined(in, weights, up), target);
                return;
            }
            Gemm.Extension extension =
                    new Gemm.Extension(rank, Gemm.Side.rows(down), low, Gemm.Side.rows(up));
            Gemm.Side left = Gemm.Side.rows(inputs);
            gemm.run(rows, out, in, left, Gemm.Side.rows(weights), extension, target);
        } finally {
            storage.release();
        }
    }

    /**
     * By the length of a sequence: bits do not depend on how many samples of that length there are.
     * A prompt that is padded to a longer one may differ in the last bits.
     */
    private static boolean isShort(Op.Linear op) {
        return op.x().dim(1) <= FewRows.MOST;
    }

    @Override
    public long workspaceBytes(Op.Linear op) {
        long rows = (long) op.x().dim(0) * op.x().dim(1);
        int rank = op.lora() == null ? 0 : op.lora().a().dim(0);
        long depth = op.x().dim(2) + rank;
        long product =
                isShort(op) ? FewRows.workspaceBytes(depth) : Gemm.workspaceBytes(rows, depth);
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

    /** S [rows, rank]: products, times the scales of their columns. */
    static Gemm.Target scaledInto(float[] target, LowRank lora) {
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
                0,
                (m, n, count, values, at) -> Rows.multiply(scales, n, values, at, count));
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
