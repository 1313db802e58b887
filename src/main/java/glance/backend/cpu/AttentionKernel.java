package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * Attention in blocks with a running softmax (Dao et al., FlashAttention, arXiv 2205.14135): the
 * score matrix never exists.
 *
 * <p>Everything is computed transposed, with queries side by side in the vector lanes. With C =
 * queries of a block and R = rows of a tile:
 *
 * <pre>
 *   S^T [keys, C] = K [keys, headDim] Q^T [headDim, C]     tiles of R keys
 *   P^T = exp(S^T - max)                                   no sums across lanes
 *   O^T [headDim, C] += V^T [headDim, keys] P^T [keys, C]  tiles of R dimensions
 * </pre>
 *
 * The result of the first product is, as it lies there, the packed right side of the second.
 */
final class AttentionKernel implements Kernel<Op.Attention> {
    private static final Simd SIMD = Simd.INSTANCE;
    private static final int ROWS = SIMD.tileRows();
    private static final int QUERIES = SIMD.tileColumns();

    /** Keys of a block: their scores stay in the first-level cache. A multiple of the tile rows. */
    private static final int KEYS = ROWS * Math.max(1, 256 / ROWS);

    private final Workers workers;
    private final CpuMemory memory;

    AttentionKernel(Workers workers, CpuMemory memory) {
        this.workers = workers;
        this.memory = memory;
    }

    /** What a thread needs for one block of queries. */
    private static final class Scratch {
        final float[] scores = new float[KEYS * QUERIES];
        final float[] state = new float[3 * QUERIES];
        float[] queries = new float[0];
        float[] sums = new float[0];
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    @Override
    public void run(Op.Attention op) {
        for (int b = 0; b < op.q().dim(0); b++) {
            sample(op, b);
        }
    }

    @Override
    public long workspaceBytes(Op.Attention op) {
        long keyRows = HeadPanels.padded(op.k().dim(1), ROWS);
        long width = op.q().dim(3) + HeadPanels.padded(op.q().dim(3), ROWS);
        return op.k().dim(2) * keyRows * width * Float.BYTES;
    }

    private void sample(Op.Attention op, int b) {
        int seqLen = op.q().dim(1);
        int heads = op.q().dim(2);
        int headDim = op.q().dim(3);
        int keyLen = op.k().dim(1);
        int kvHeads = op.k().dim(2);
        int keyRows = HeadPanels.padded(keyLen, ROWS);
        int dimRows = HeadPanels.padded(headDim, ROWS);
        CpuStorage keys = memory.scratch((long) kvHeads * keyRows * headDim);
        CpuStorage values = memory.scratch((long) kvHeads * keyRows * dimRows);
        try {
            workers.forEach(
                    kvHeads,
                    h -> {
                        HeadPanels.byToken(
                                op.k(),
                                b,
                                h,
                                0,
                                keyLen,
                                ROWS,
                                1,
                                keys.floats,
                                h * keyRows * headDim);
                        HeadPanels.byDim(
                                op.v(),
                                b,
                                h,
                                0,
                                keyLen,
                                keyRows,
                                ROWS,
                                1,
                                values.floats,
                                h * keyRows * dimRows);
                    });
            int blocks = (seqLen + QUERIES - 1) / QUERIES;
            workers.forEach(
                    heads * blocks,
                    task -> {
                        int head = task / blocks;
                        int kvHead = head * kvHeads / heads;
                        block(
                                op,
                                b,
                                head,
                                task % blocks * QUERIES,
                                keys.floats,
                                kvHead * keyRows * headDim,
                                values.floats,
                                kvHead * keyRows * dimRows);
                    });
        } finally {
            keys.release();
            values.release();
        }
    }

    private static void block(
            Op.Attention op,
            int b,
            int head,
            int start,
            float[] keys,
            int keysAt,
            float[] values,
            int valuesAt) {
        int headDim = op.q().dim(3);
        int keyLen = op.k().dim(1);
        int keyRows = HeadPanels.padded(keyLen, ROWS);
        int dimRows = HeadPanels.padded(headDim, ROWS);
        int count = Math.min(QUERIES, op.q().dim(1) - start);
        Scratch scratch = SCRATCH.get();
        if (scratch.queries.length < headDim * QUERIES) {
            scratch.queries = new float[headDim * QUERIES];
            scratch.sums = new float[dimRows * QUERIES];
        }
        HeadPanels.byToken(op.q(), b, head, start, count, QUERIES, op.scale(), scratch.queries, 0);
        Arrays.fill(scratch.sums, 0, dimRows * QUERIES, 0);
        Arrays.fill(scratch.state, 0, QUERIES, Float.NEGATIVE_INFINITY);
        Arrays.fill(scratch.state, QUERIES, 2 * QUERIES, 0);
        int visible = op.mask().causal() ? Math.min(keyLen, start + count) : keyLen;
        for (int first = 0; first < visible; first += KEYS) {
            int rows = Math.min(KEYS, keyRows - first);
            Arrays.fill(scratch.scores, 0, rows * QUERIES, 0);
            for (int r = 0; r < rows; r += ROWS) {
                int panel = keysAt + (first + r) * headDim;
                SIMD.multiply(
                        headDim,
                        keys,
                        panel,
                        scratch.queries,
                        0,
                        scratch.scores,
                        r * QUERIES,
                        QUERIES);
            }
            mask(op, b, head, start, count, first, rows, scratch.scores);
            SIMD.softmaxBlock(scratch.scores, rows, scratch.state);
            SIMD.scaleRows(scratch.sums, dimRows, scratch.state, 2 * QUERIES);
            for (int d = 0; d < dimRows; d += ROWS) {
                int panel = valuesAt + d * keyRows + first * ROWS;
                SIMD.multiply(
                        rows, values, panel, scratch.scores, 0, scratch.sums, d * QUERIES, QUERIES);
            }
        }
        write(op, b, head, start, count, scratch);
    }

    /** Adds the bias and hides keys: padding of the panels, of the prefix, and the future. */
    private static void mask(
            Op.Attention op,
            int b,
            int head,
            int start,
            int count,
            int first,
            int rows,
            float[] scores) {
        AttentionMask mask = op.mask();
        int keyLen = op.k().dim(1);
        int prefixLen =
                mask.lengths() == null
                        ? 0
                        : CpuStorage.of(mask.lengths())
                                .bytes
                                .getInt(4 * ((int) mask.lengths().offset() + b));
        for (int r = 0; r < rows; r++) {
            int key = first + r;
            int row = r * QUERIES;
            boolean padding = key >= keyLen || (key < mask.prefix() && key >= prefixLen);
            if (padding) {
                Arrays.fill(scores, row, row + QUERIES, Float.NEGATIVE_INFINITY);
                continue;
            }
            if (mask.bias() != null) {
                Tensor bias = mask.bias();
                float[] values = CpuStorage.floats(bias);
                for (int i = 0; i < count; i++) {
                    long at =
                            head * bias.stride(0)
                                    + (start + i) * bias.stride(1)
                                    + key * bias.stride(2);
                    scores[row + i] += values[(int) (bias.offset() + at)];
                }
            }
            if (mask.causal() && key > start) {
                Arrays.fill(
                        scores, row, row + Math.min(QUERIES, key - start), Float.NEGATIVE_INFINITY);
            }
        }
    }

    private static void write(
            Op.Attention op, int b, int head, int start, int count, Scratch scratch) {
        int headDim = op.q().dim(3);
        float[] ys = CpuStorage.floats(op.out());
        for (int i = 0; i < count; i++) {
            float sum = scratch.state[QUERIES + i];
            float inverse = sum == 0 ? 0 : 1 / sum;
            int to = HeadPanels.position(op.out(), b, start + i, head);
            for (int d = 0; d < headDim; d++) {
                ys[to + d] = scratch.sums[d * QUERIES + i] * inverse;
            }
            if (op.lse() != null) {
                int heads = op.q().dim(2);
                int at = (int) op.lse().offset() + (b * heads + head) * op.q().dim(1) + start + i;
                CpuStorage.floats(op.lse())[at] = (float) (scratch.state[i] + Math.log(sum));
            }
        }
    }
}
