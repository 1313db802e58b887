package glance.backend.cpu;

import java.util.Arrays;

/**
 * {@code y[m, n] = sum_k left(m, k) right(n, k)} for few rows m, where reading the right side is
 * the work: it is read once and as it lies, without the packing of {@link Gemm}. A result is summed
 * by lanes, element k in lane {@code k % lanes}, and then by halves, whatever the number of rows.
 */
final class FewRows {
    /** Rows up to which this is faster than {@link Gemm}. */
    static final int MOST = 16;

    /** Elements of the depth at a time: the weights of a tile stay in the first-level cache. */
    private static final int PIECE = 1024;

    /** Pieces are this far apart: powers of two are slow. */
    private static final int STRIDE = PIECE + 32;

    /** The same in bfloat16, where one pass over a piece is all. */
    private static final int SHORTS = 4096;

    private static final int SHORTS_STRIDE = SHORTS + 32;

    /** Right vectors of a task at least. */
    private static final int TASK = 16;

    private static final Simd SIMD = Simd.INSTANCE;
    private static final int LANES = SIMD.lanes();
    private static final int VECTORS = Simd.DOT_ROWS;
    private static final int PAIR = Simd.DOT_COLUMNS;

    private final Workers workers;
    private final CpuMemory memory;

    FewRows(Workers workers, CpuMemory memory) {
        this.workers = workers;
        this.memory = memory;
    }

    private static final class Scratch {
        final float[] vectors = new float[VECTORS * STRIDE];
        final short[] shorts = new short[VECTORS * SHORTS_STRIDE];
        final float[] sums = new float[MOST * VECTORS * LANES];
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Scratch that {@link #run} takes for rows of depth k. */
    static long workspaceBytes(long k) {
        return MOST * padded(k) * Float.BYTES;
    }

    private static long padded(long k) {
        return (k + LANES - 1) / LANES * LANES;
    }

    /**
     * Computes all m x n results of depth k; with more than {@link #MOST} rows in several turns.
     */
    void run(int m, int n, int k, Gemm.Source left, Gemm.Source right, Gemm.Target target) {
        int stride = (int) padded(k);
        CpuStorage rows = memory.scratch((long) MOST * stride);
        try {
            for (int first = 0; first < m; first += MOST) {
                int count = Math.min(MOST, m - first);
                Arrays.fill(rows.floats, 0, MOST * stride, 0);
                for (int i = 0; i < count; i++) {
                    left.read(first + i, 0, k, rows.floats, i * stride);
                }
                int start = first;
                int task = Math.max(TASK, n / (8 * workers.threads()) / TASK * TASK);
                workers.forEach(
                        (n + task - 1) / task,
                        t -> {
                            int end = Math.min(n, (t + 1) * task);
                            for (int v = t * task; v < end; v += VECTORS) {
                                int vectors = Math.min(VECTORS, end - v);
                                multiply(rows.floats, count, k, right, v, vectors);
                                write(start, count, n, v, vectors, target);
                            }
                        });
            }
        } finally {
            rows.release();
        }
    }

    /** Partial sums of all rows times a few right vectors. */
    private static void multiply(
            float[] rows, int count, int k, Gemm.Source right, int first, int vectors) {
        Scratch scratch = SCRATCH.get();
        int stride = (int) padded(k);
        Arrays.fill(scratch.sums, 0);
        int done = count <= PAIR ? shorts(scratch, rows, k, right, first, vectors) : 0;
        for (int from = done; from < k; from += PIECE) {
            int length = Math.min(PIECE, k - from);
            int whole = (int) padded(length);
            right.read(first, vectors, from, length, scratch.vectors, 0, STRIDE);
            for (int v = 0; v < vectors; v++) {
                Arrays.fill(scratch.vectors, v * STRIDE + length, v * STRIDE + whole, 0);
            }
            for (int row = 0; row < count; row += PAIR) {
                SIMD.dots(
                        whole,
                        scratch.vectors,
                        0,
                        STRIDE,
                        rows,
                        row * stride + from,
                        stride,
                        scratch.sums,
                        row * VECTORS * LANES);
            }
        }
    }

    /**
     * The same for one or two rows and weights in bfloat16, which are decoded on the way into the
     * products. Returns how much of the depth is done: a multiple of the lanes, or nothing.
     */
    private static int shorts(
            Scratch scratch, float[] rows, int k, Gemm.Source right, int first, int vectors) {
        int stride = (int) padded(k);
        int from = 0;
        int length = Math.min(SHORTS, k / LANES * LANES);
        while (length > 0
                && right.readShorts(first, vectors, from, length, scratch.shorts, SHORTS_STRIDE)) {
            SIMD.dots(length, scratch.shorts, SHORTS_STRIDE, rows, from, stride, scratch.sums, 0);
            from += length;
            length = Math.min(SHORTS, (k - from) / LANES * LANES);
        }
        return from;
    }

    private static void write(
            int start, int count, int n, int first, int vectors, Gemm.Target target) {
        float[] sums = SCRATCH.get().sums;
        for (int row = 0; row < count; row++) {
            int to = target.at() + (start + row) * n + first;
            for (int v = 0; v < vectors; v++) {
                int pair = row / PAIR * PAIR * VECTORS + v * PAIR + row % PAIR;
                target.values()[to + v] = SIMD.total(sums, pair * LANES);
            }
            if (target.finish() != null) {
                target.finish().apply(start + row, first, vectors, target.values(), to);
            }
        }
    }
}
