package glance.backend.cpu;

import glance.op.AttentionMask;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * Gradients of attention for one key head, a block of its keys at a time. Keys lie side by side in
 * the vector lanes. With R and C the rows and columns of a tile:
 *
 * <pre>
 *   S  [queries, C] = Q  [queries, headDim] K^T [headDim, C]     P = exp(S - lse)
 *   dP [queries, C] = dY [queries, headDim] V^T [headDim, C]     dS = P (dP - rowDot)
 *   dV^T [headDim, C] += dY^T [headDim, queries] P  [queries, C]
 *   dK^T [headDim, C] += Q^T  [headDim, queries] dS [queries, C]
 *   dQ   [queries, headDim] += dS [queries, keys] K [keys, headDim]
 * </pre>
 *
 * P and dS are, as they lie, the packed right side of the next two products; only the last one
 * needs dS repacked. Q is scaled here, dQ where its parts are added.
 */
final class AttentionGradBlock {
    private static final Simd SIMD = Simd.INSTANCE;
    private static final int ROWS = SIMD.tileRows();
    private static final int COLUMNS = SIMD.tileColumns();

    /** Panels of keys in a block. */
    private static final int PANELS = 4;

    /** Keys of a block. */
    static final int KEYS = PANELS * COLUMNS;

    /** Queries of a block: with its keys, all of one block's tiles fit the second-level cache. */
    private static final int QUERIES = 4 * ROWS;

    private final AttentionGradInputs in;
    private final Op.Attention forward;
    private final int kvHead;
    private final float[] dq;
    private final int dqAt;
    private final Scratch scratch;

    private int firstKey;
    private int keyCount;
    private int panels;
    private boolean anyHidden;

    /** What a thread needs for one block. */
    private static final class Scratch {
        final float[] p = new float[QUERIES * KEYS]; // [panels][QUERIES, C]
        final float[] ds = new float[QUERIES * KEYS]; // [panels][QUERIES, C]
        final float[] dsByQuery = new float[QUERIES * KEYS]; // [QUERIES / R][keys, R]
        final float[] hidden = new float[KEYS]; // 0, or -inf for a key that no query sees
        float[] keysByToken = new float[0]; // [panels][headDim, C]
        float[] valuesByToken = new float[0]; // [panels][headDim, C]
        float[] keysByDim = new float[0]; // [dimColumns / C][keys, C]
        float[] dk = new float[0]; // [panels][dimRows, C]
        float[] dv = new float[0]; // [panels][dimRows, C]
        int headDim;

        void fit(AttentionGradInputs in) {
            if (headDim != in.headDim) {
                headDim = in.headDim;
                keysByToken = new float[KEYS * headDim];
                valuesByToken = new float[KEYS * headDim];
                keysByDim = new float[KEYS * in.dimColumns];
                dk = new float[KEYS * in.dimRows];
                dv = new float[KEYS * in.dimRows];
            }
        }
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /**
     * @param dq [numHeads, queryRows, dimColumns] from {@code dqAt}; the part of this key head's
     *     query heads is cleared and added to
     */
    AttentionGradBlock(AttentionGradInputs in, int kvHead, float[] dq, int dqAt) {
        this.in = in;
        this.forward = in.op.forward();
        this.kvHead = kvHead;
        this.dq = dq;
        this.dqAt = dqAt;
        scratch = SCRATCH.get();
        scratch.fit(in);
        int headSize = in.queryRows * in.dimColumns;
        int from = dqAt + kvHead * group() * headSize;
        Arrays.fill(dq, from, from + group() * headSize, 0);
    }

    private int group() {
        return forward.q().dim(2) / forward.k().dim(2);
    }

    /** Does the block of keys that begins with {@code start}. */
    void run(int start) {
        firstKey = start;
        keyCount = Math.min(KEYS, forward.k().dim(1) - start);
        panels = (keyCount + COLUMNS - 1) / COLUMNS;
        packKeys();
        Arrays.fill(scratch.dk, 0, panels * COLUMNS * in.dimRows, 0);
        Arrays.fill(scratch.dv, 0, panels * COLUMNS * in.dimRows, 0);
        // with a causal mask earlier queries see none of these keys
        int firstQuery = forward.mask().causal() ? start / QUERIES * QUERIES : 0;
        for (int g = 0; g < group(); g++) {
            int head = kvHead * group() + g;
            for (int query = firstQuery; query < in.queryRows; query += QUERIES) {
                queries(head, query, Math.min(QUERIES, in.queryRows - query));
            }
        }
        unpack(scratch.dk, in.op.dk());
        unpack(scratch.dv, in.op.dv());
    }

    private void packKeys() {
        int b = in.sample;
        Tensor k = forward.k();
        Tensor v = forward.v();
        HeadPanels.byToken(k, b, kvHead, firstKey, keyCount, COLUMNS, 1, scratch.keysByToken, 0);
        HeadPanels.byToken(v, b, kvHead, firstKey, keyCount, COLUMNS, 1, scratch.valuesByToken, 0);
        int rows = panels * COLUMNS;
        HeadPanels.byDim(k, b, kvHead, firstKey, keyCount, rows, COLUMNS, 1, scratch.keysByDim, 0);
        AttentionMask mask = forward.mask();
        int prefixLen = AttentionKernel.prefixLen(mask, b);
        anyHidden = false;
        for (int j = 0; j < rows; j++) {
            int key = firstKey + j;
            boolean hidden = j >= keyCount || (key < mask.prefix() && key >= prefixLen);
            scratch.hidden[j] = hidden ? Float.NEGATIVE_INFINITY : 0;
            anyHidden |= hidden;
        }
    }

    /** Adds the share of one block of queries, {@code rows} of them with padding. */
    private void queries(int head, int start, int rows) {
        float[] p = scratch.p;
        float[] ds = scratch.ds;
        int headDim = in.headDim;
        for (int r = 0; r < rows; r += ROWS) {
            int from = (head * in.queryRows + start + r) * headDim;
            for (int g = 0; g < panels; g++) {
                int key = g * COLUMNS * headDim;
                int to = (g * QUERIES + r) * COLUMNS;
                SIMD.multiply(
                        headDim, in.queriesByToken, from, scratch.keysByToken, key, p, to, COLUMNS);
                SIMD.multiply(
                        headDim, in.dyByToken, from, scratch.valuesByToken, key, ds, to, COLUMNS);
            }
        }
        mask(head, start, rows);
        for (int g = 0; g < panels; g++) {
            int at = g * QUERIES * COLUMNS;
            SIMD.softmaxGradient(p, ds, at, rows, in.lse, in.rowDots, head * in.queryRows + start);
        }
        for (int d = 0; d < in.dimRows; d += ROWS) {
            int from = head * in.queryRows * in.dimRows + d * in.queryRows + start * ROWS;
            for (int g = 0; g < panels; g++) {
                int right = g * QUERIES * COLUMNS;
                int to = (g * in.dimRows + d) * COLUMNS;
                SIMD.multiplyAdd(rows, in.dyByDim, from, p, right, scratch.dv, to, COLUMNS);
                SIMD.multiplyAdd(rows, in.queriesByDim, from, ds, right, scratch.dk, to, COLUMNS);
            }
        }
        addToQueries(head, start, rows);
    }

    private void addToQueries(int head, int start, int rows) {
        int keys = panels * COLUMNS;
        int dim = in.dimColumns;
        for (int r = 0; r < rows; r += ROWS) {
            int left = r * keys;
            for (int i = 0; i < ROWS; i++) {
                for (int g = 0; g < panels; g++) {
                    int from = (g * QUERIES + r + i) * COLUMNS;
                    int to = left + g * COLUMNS * ROWS + i;
                    for (int c = 0; c < COLUMNS; c++) {
                        scratch.dsByQuery[to + c * ROWS] = scratch.ds[from + c];
                    }
                }
            }
            int to = dqAt + (head * in.queryRows + start + r) * dim;
            for (int d = 0; d < dim; d += COLUMNS) {
                SIMD.multiplyAdd(
                        keys,
                        scratch.dsByQuery,
                        left,
                        scratch.keysByDim,
                        d * keys,
                        dq,
                        to + d,
                        dim);
            }
        }
    }

    /** Adds the bias and hides keys, as the forward does. */
    private void mask(int head, int start, int rows) {
        boolean causal = forward.mask().causal() && firstKey + keyCount > start;
        Tensor bias = forward.mask().bias();
        if (!anyHidden && !causal && bias == null) {
            return;
        }
        int count = Math.min(rows, forward.q().dim(1) - start);
        for (int i = 0; i < count; i++) {
            int query = start + i;
            for (int j = 0; j < panels * COLUMNS; j++) {
                int at = (j / COLUMNS * QUERIES + i) * COLUMNS + j % COLUMNS;
                float score = scratch.p[at] + scratch.hidden[j];
                if (bias != null && j < keyCount) {
                    long from =
                            bias.offset()
                                    + head * bias.stride(0)
                                    + query * bias.stride(1)
                                    + (firstKey + j) * bias.stride(2);
                    score += CpuStorage.floats(bias)[(int) from];
                }
                boolean future = causal && firstKey + j > query;
                scratch.p[at] = future ? Float.NEGATIVE_INFINITY : score;
            }
        }
    }

    /** [panels][dimRows, C] into the keys' rows of [batch, keyLen, numKvHeads, headDim]. */
    private void unpack(float[] from, Tensor to) {
        float[] values = CpuStorage.floats(to);
        for (int j = 0; j < keyCount; j++) {
            int row = HeadPanels.position(to, in.sample, firstKey + j, kvHead);
            int column = j / COLUMNS * in.dimRows * COLUMNS + j % COLUMNS;
            for (int d = 0; d < in.headDim; d++) {
                values[row + d] = from[column + d * COLUMNS];
            }
        }
    }
}
