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

    /** Floats that the softmax keeps for a panel of queries. */
    private static final int STATE = 4 * QUERIES;

    /**
     * Panels of queries of a task at most: one block of keys, in the second-level cache, serves
     * all.
     */
    private static final int GROUP = 4;

    /** Tasks for each thread where there are heads and queries enough. */
    private static final int TASKS = 3;

    private final Workers workers;
    private final CpuMemory memory;

    AttentionKernel(Workers workers, CpuMemory memory) {
        this.workers = workers;
        this.memory = memory;
    }

    /** What a thread needs for the queries of a task. */
    private static final class Scratch {
        final float[] scores = new float[KEYS * QUERIES];
        final float[] state = new float[GROUP * STATE];
        float[] queries = new float[0]; // [GROUP][headDim, QUERIES]
        float[] sums; // [GROUP][dims, QUERIES]

        void fit(int headDim) {
            int dims = HeadPanels.padded(headDim, ROWS);
            if (queries.length < GROUP * dims * QUERIES) {
                queries = new float[GROUP * dims * QUERIES];
                sums = new float[GROUP * dims * QUERIES];
            }
        }
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
        Panels panels = new Panels(op, b, keys.floats, values.floats, keyRows, dimRows);
        try {
            workers.forEach(2 * kvHeads, task -> panels.pack(task / 2, task % 2 == 0));
            int blocks = (seqLen + QUERIES - 1) / QUERIES;
            int share = heads * blocks / (TASKS * workers.threads());
            int group = Math.max(1, Math.min(GROUP, share));
            int groups = (blocks + group - 1) / group;
            workers.forEach(
                    heads * groups,
                    task -> {
                        int block = task % groups * group;
                        panels.attend(task / groups, block, Math.min(group, blocks - block));
                    });
        } finally {
            keys.release();
            values.release();
        }
    }

    /** The packed keys and values of a sample, and what is done with them. */
    private record Panels(
            Op.Attention op, int b, float[] keys, float[] values, int keyRows, int dimRows) {

        void pack(int kvHead, boolean ofKeys) {
            int headDim = op.k().dim(3);
            int keyLen = op.k().dim(1);
            if (ofKeys) {
                int at = kvHead * keyRows * headDim;
                HeadPanels.byToken(op.k(), b, kvHead, 0, keyLen, ROWS, 1, keys, at);
            } else {
                int at = kvHead * keyRows * dimRows;
                HeadPanels.byDim(op.v(), b, kvHead, 0, keyLen, keyRows, ROWS, 1, values, at);
            }
        }

        /** Some neighbouring panels of queries against all keys. */
        void attend(int head, int block, int panels) {
            int headDim = op.q().dim(3);
            int seqLen = op.q().dim(1);
            Scratch scratch = SCRATCH.get();
            scratch.fit(headDim);
            Arrays.fill(scratch.sums, 0, panels * dimRows * QUERIES, 0);
            for (int p = 0; p < panels; p++) {
                int start = (block + p) * QUERIES;
                int count = Math.min(QUERIES, seqLen - start);
                int at = p * dimRows * QUERIES;
                float scale = op.scale();
                HeadPanels.byToken(
                        op.q(), b, head, start, count, QUERIES, scale, scratch.queries, at);
                int state = p * STATE;
                Arrays.fill(scratch.state, state, state + QUERIES, Float.NEGATIVE_INFINITY);
                Arrays.fill(scratch.state, state + QUERIES, state + 2 * QUERIES, 0);
            }
            int keyLen = op.k().dim(1);
            int end = Math.min(seqLen, (block + panels) * QUERIES);
            int visible = op.mask().causal() ? Math.min(keyLen, end) : keyLen;
            for (int first = 0; first < visible; first += KEYS) {
                for (int p = 0; p < panels; p++) {
                    int start = (block + p) * QUERIES;
                    if (!op.mask().causal() || first < start + QUERIES) {
                        add(scratch, head, start, p, first);
                    }
                }
            }
            for (int p = 0; p < panels; p++) {
                write(scratch, head, (block + p) * QUERIES, p);
            }
        }

        /** A panel of queries against a block of keys. */
        private void add(Scratch scratch, int head, int start, int p, int first) {
            int headDim = op.q().dim(3);
            int kvHead = head * op.k().dim(2) / op.q().dim(2);
            int rows = Math.min(KEYS, keyRows - first);
            int panel = p * dimRows * QUERIES;
            float[] scores = scratch.scores;
            for (int r = 0; r < rows; r += ROWS) {
                int left = (kvHead * keyRows + first + r) * headDim;
                SIMD.multiply(
                        headDim, keys, left, scratch.queries, panel, scores, r * QUERIES, QUERIES);
            }
            int count = Math.min(QUERIES, op.q().dim(1) - start);
            mask(op, b, head, start, count, first, rows, scores);
            int state = p * STATE;
            SIMD.softmaxBlock(scores, rows, scratch.state, state);
            SIMD.scaleRows(scratch.sums, panel, dimRows, scratch.state, state + 2 * QUERIES);
            for (int d = 0; d < dimRows; d += ROWS) {
                int left = kvHead * keyRows * dimRows + d * keyRows + first * ROWS;
                int to = panel + d * QUERIES;
                SIMD.multiplyAdd(rows, values, left, scores, 0, scratch.sums, to, QUERIES);
            }
        }

        private void write(Scratch scratch, int head, int start, int p) {
            int headDim = op.q().dim(3);
            int panel = p * dimRows * QUERIES;
            int state = p * STATE;
            float[] factors = scratch.scores;
            for (int i = 0; i < QUERIES; i++) {
                float sum = scratch.state[state + QUERIES + i];
                factors[i] = sum == 0 ? 0 : 1 / sum;
            }
            SIMD.scaleRows(scratch.sums, panel, headDim, factors, 0);
            int count = Math.min(QUERIES, op.q().dim(1) - start);
            float[] ys = CpuStorage.floats(op.out());
            for (int i = 0; i < count; i++) {
                int to = HeadPanels.position(op.out(), b, start + i, head);
                for (int d = 0; d < headDim; d++) {
                    ys[to + d] = scratch.sums[panel + d * QUERIES + i];
                }
            }
            if (op.lse() != null) {
                int row = (b * op.q().dim(2) + head) * op.q().dim(1) + start;
                int to = (int) op.lse().offset() + row;
                for (int i = 0; i < count; i++) {
                    float max = scratch.state[state + i];
                    double sum = scratch.state[state + QUERIES + i];
                    CpuStorage.floats(op.lse())[to + i] = (float) (max + Math.log(sum));
                }
            }
        }
    }

    /** Keys of the prefix that a sample sees; 0 without lengths. */
    static int prefixLen(AttentionMask mask, int sample) {
        Tensor lengths = mask.lengths();
        return lengths == null
                ? 0
                : CpuStorage.of(lengths).bytes.getInt(4 * ((int) lengths.offset() + sample));
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
        int prefixLen = prefixLen(mask, b);
        boolean whole =
                first + rows <= keyLen
                        && (prefixLen >= mask.prefix() || first >= mask.prefix())
                        && !(mask.causal() && first + rows - 1 > start);
        if (whole && mask.bias() == null) {
            return;
        }
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
}
