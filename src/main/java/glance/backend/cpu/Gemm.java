package glance.backend.cpu;

import java.util.Arrays;

/**
 * {@code y[m, n] = sum_k left(m, k) right(n, k)}: the product under every linear layer and
 * convolution.
 *
 * <p>Blocking (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", TOMS
 * 2008): both sides are packed into panels, tileRows wide on the left and tileColumns on the right,
 * so that the inner loop reads memory in order; a block of up to {@link #BLOCK_ROWS} left rows is
 * packed once for all threads, and each task packs one right panel, converting its dtype on the
 * way, and multiplies it with every left panel in slices of {@link #SLICE} that stay in the
 * first-level cache. Panels are padded with zeros, so every element is summed in the same order by
 * the same instructions, whatever the number of threads.
 */
final class Gemm {
    private static final int BLOCK_ROWS = 1400;
    private static final int SLICE = 256;

    /** Right panels of a task at most. */
    private static final int GROUP = 4;

    /** Columns transposed at a time while packing: a square that stays in the first-level cache. */
    private static final int PACK = 64;

    private static final Simd SIMD = Simd.INSTANCE;
    private static final int ROWS = SIMD.tileRows();
    private static final int COLUMNS = SIMD.tileColumns();

    private final Workers workers;
    private final CpuMemory memory;

    Gemm(Workers workers, CpuMemory memory) {
        this.workers = workers;
        this.memory = memory;
    }

    /** A matrix that can be read in pieces as floats. */
    interface Source {
        /** Copies {@code count} elements of {@code row}, from column {@code k}. */
        void read(int row, int k, int count, float[] to, int at);
    }

    /** One side of the product, packed for the tiles. */
    interface Side {
        /**
         * Packs vectors {@code [first, first + count)}, of each the elements {@code [k, k +
         * depth)}, as [depth, width]; missing vectors as zeros.
         */
        void pack(int first, int count, int width, int k, int depth, float[] to, int at);

        /** The vectors are the rows of a matrix. */
        static Side rows(Source matrix) {
            return (first, count, width, k, depth, to, at) ->
                    packRows(matrix, first, count, width, k, depth, to, at);
        }

        /** The vectors are the columns of a matrix: it is packed as it lies. */
        static Side columns(Source matrix) {
            return (first, count, width, k, depth, to, at) -> {
                for (int j = 0; j < depth; j++) {
                    int row = at + j * width;
                    matrix.read(k + j, first, count, to, row);
                    Arrays.fill(to, row + count, row + width, 0);
                }
            };
        }
    }

    /** Takes finished results. */
    interface Sink {
        /** Takes {@code count} results of row {@code m}, columns from {@code n}. */
        void write(int m, int n, int count, float[] values, int at);
    }

    /** What a thread needs while it packs and multiplies one panel. */
    private static final class Scratch {
        final float[] piece = new float[Math.max(ROWS, COLUMNS) * PACK];
        final float[] panels = new float[GROUP * SLICE * COLUMNS];
        float[] tiles = new float[0];
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Computes all m x n results of depth k. */
    void run(int m, int n, int k, Source left, Source right, Sink sink) {
        run(m, n, k, Side.rows(left), Side.rows(right), sink);
    }

    /** Computes all m x n results of depth k. */
    void run(int m, int n, int k, Side left, Side right, Sink sink) {
        int blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
        for (int block = 0; block < blocks; block++) {
            int from = (int) ((long) m * block / blocks);
            int to = (int) ((long) m * (block + 1) / blocks);
            block(from, to - from, n, k, left, right, sink);
        }
    }

    /** Scratch that {@link #run} takes for m rows of depth k. */
    static long workspaceBytes(long m, long k) {
        long blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
        long rows = blocks == 0 ? 0 : (m + blocks - 1) / blocks;
        return (rows + ROWS - 1) / ROWS * ROWS * k * Float.BYTES;
    }

    private void block(int start, int m, int n, int k, Side left, Side right, Sink sink) {
        int leftPanels = (m + ROWS - 1) / ROWS;
        int rightPanels = (n + COLUMNS - 1) / COLUMNS;
        CpuStorage packed = memory.scratch((long) leftPanels * ROWS * k);
        try {
            workers.forEach(
                    leftPanels,
                    p -> {
                        int row = p * ROWS;
                        int count = Math.min(ROWS, m - row);
                        left.pack(start + row, count, ROWS, 0, k, packed.floats, row * k);
                    });
            int group = Math.max(1, Math.min(GROUP, rightPanels / (2 * workers.threads())));
            workers.forEach(
                    (rightPanels + group - 1) / group,
                    task -> {
                        int column = task * group * COLUMNS;
                        int count = Math.min(group * COLUMNS, n - column);
                        int stride = (count + COLUMNS - 1) / COLUMNS * COLUMNS;
                        float[] tiles = product(packed.floats, leftPanels, right, column, count, k);
                        for (int i = 0; i < m; i++) {
                            sink.write(start + i, column, count, tiles, i * stride);
                        }
                    });
        } finally {
            packed.release();
        }
    }

    /**
     * All left panels times a few right panels. A slice of a left panel then serves all of them
     * from the first-level cache; with a single one, left panels came from memory again and again.
     *
     * @return [leftPanels * ROWS, panels * COLUMNS]
     */
    private static float[] product(
            float[] packed, int leftPanels, Side right, int column, int count, int k) {
        int panels = (count + COLUMNS - 1) / COLUMNS;
        int stride = panels * COLUMNS;
        Scratch scratch = SCRATCH.get();
        int size = leftPanels * ROWS * stride;
        if (scratch.tiles.length < size) {
            scratch.tiles = new float[size];
        }
        float[] tiles = scratch.tiles;
        Arrays.fill(tiles, 0, size, 0);
        for (int from = 0; from < k; from += SLICE) {
            int depth = Math.min(SLICE, k - from);
            for (int g = 0; g < panels; g++) {
                int rows = Math.min(COLUMNS, count - g * COLUMNS);
                int at = g * SLICE * COLUMNS;
                right.pack(column + g * COLUMNS, rows, COLUMNS, from, depth, scratch.panels, at);
            }
            for (int p = 0; p < leftPanels; p++) {
                int a = p * ROWS * k + from * ROWS;
                int c = p * ROWS * stride;
                for (int g = 0; g < panels; g++) {
                    int b = g * SLICE * COLUMNS;
                    SIMD.multiply(
                            depth, packed, a, scratch.panels, b, tiles, c + g * COLUMNS, stride);
                }
            }
        }
        return tiles;
    }

    private static void packRows(
            Source source, int row, int count, int width, int k, int depth, float[] to, int at) {
        float[] piece = SCRATCH.get().piece;
        if (count < width) {
            Arrays.fill(piece, 0);
        }
        for (int from = 0; from < depth; from += PACK) {
            int length = Math.min(PACK, depth - from);
            for (int i = 0; i < count; i++) {
                source.read(row + i, k + from, length, piece, i * PACK);
            }
            transpose(piece, width, length, to, at + from * width);
        }
    }

    private static void transpose(float[] piece, int width, int length, float[] to, int at) {
        for (int j = 0; j < length; j++) {
            int target = at + j * width;
            for (int i = 0; i < width; i++) {
                to[target + i] = piece[i * PACK + j];
            }
        }
    }
}
