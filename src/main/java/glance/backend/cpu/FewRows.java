package glance.backend.cpu;

import java.util.Arrays;

/**
 * {@code y[m, n] = sum_k left(m, k) right(n, k)} for few rows m, where reading the right side is
 * the work: it is read once and as it lies, without the packing of {@link Gemm}. A result is summed
 * by lanes, element k in lane {@code k % lanes}, in pieces of the depth, and then by halves,
 * whatever the number of rows.
 */
final class FewRows {
    /** Rows up to which this is faster than {@link Gemm}. */
    static final int MOST = 16;

    /** Elements of the depth at a time: the weights of a tile stay in the first-level cache. */
    private static final int PIECE = 1024;

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
        final float[] vectors = new float[VECTORS * PIECE];
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
        for (int from = 0; from < k; from += PIECE) {
            int length = Math.min(PIECE, k - from);
            int whole = (int) padded(length);
            for (int v = 0; v < vectors; v++) {
                right.read(first + v, from, length, scratch.vectors, v * PIECE);
                Arrays.fill(scratch.vectors, v * PIECE + length, v * PIECE + whole, 0);
            }
            for (int row = 0; row < count; row += PAIR) {
                SIMD.dots(
                        whole,
                        scratch.vectors,
                        0,
                        PIECE,
                        rows,
                        row * stride + from,
                        stride,
                        scratch.sums,
                        row * VECTORS * LANES);
            }
        }
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
