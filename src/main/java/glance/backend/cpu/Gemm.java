package glance.backend.cpu;

import java.util.Arrays;

/**
 * {@code y[m, n] = sum_k left(m, k) right(n, k)}: the product under every linear layer and
 * convolution.
 *
 * <p>Blocking (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", TOMS
 * 2008): both sides are packed into panels, tileRows wide on the left and tileColumns on the right,
 * so that the inner loop reads memory in order. The depth is cut into even slices of at most {@link
 * #SLICE}; a block of up to {@link #BLOCK_ROWS} left rows is packed once for all threads. A task
 * packs a slice of a few right panels, converting their dtype on the way, which stay in the
 * second-level cache while all left panels pass by. Results are added up where they are wanted, and
 * finished (bias, activation) as soon as their last slice is in.
 *
 * <p>Panels are padded with zeros and slices depend on the depth alone, so every element is summed
 * in the same order by the same instructions, whatever the number of threads and rows.
 */
final class Gemm {
    private static final int BLOCK_ROWS = 1400;

    /** Few slices, since each reads and writes the results once; more gained nothing. */
    private static final int SLICE = 1024;

    /** Right panels of a task at most: a slice of them fills half of a megabyte. */
    private static final int GROUP = 4;

    /** Left panels of a task at least, so that packing the right side is small beside its use. */
    private static final int CHUNK = 12;

    /** Tasks for each thread where there is work enough: then none waits long for the last one. */
    private static final int TASKS = 3;

    /** Columns transposed at a time while packing: they stay in the first-level cache. */
    private static final int PACK = 128;

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
         * depth)}, as [depth, width]; missing vectors as zeros. May write up to tileColumns
         * elements more.
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

    /** What is done to results once they are complete. */
    interface Finish {
        /** Changes {@code count} results of row {@code m} from column {@code n} on, in place. */
        void apply(int m, int n, int count, float[] values, int at);
    }

    /**
     * Where results go.
     *
     * @param values row-major from {@code at}, n elements to a row
     * @param finish or null
     */
    record Target(float[] values, int at, Finish finish) {}

    /** What a thread needs while it packs and multiplies. */
    private static final class Scratch {
        final float[] piece = new float[COLUMNS * PACK];
        final float[] panels = new float[GROUP * SLICE * COLUMNS + COLUMNS];
        private float[] edge = new float[0];

        float[] edge(int length) {
            if (edge.length < length) {
                edge = new float[length];
            }
            return edge;
        }
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** Computes all m x n results of depth k. */
    void run(int m, int n, int k, Source left, Source right, Target target) {
        run(m, n, k, Side.rows(left), Side.rows(right), target);
    }

    /** Computes all m x n results of depth k. */
    void run(int m, int n, int k, Side left, Side right, Target target) {
        int blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
        for (int block = 0; block < blocks; block++) {
            int from = share(m, block, blocks);
            int rows = share(m, block + 1, blocks) - from;
            CpuStorage packed = memory.scratch(packedLength(rows, k));
            try {
                new Block(from, rows, n, k, left, right, packed.floats, target).run(workers);
            } finally {
                packed.release();
            }
        }
    }

    /** Scratch that {@link #run} takes for m rows of depth k. */
    static long workspaceBytes(long m, long k) {
        long blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
        long rows = blocks == 0 ? 0 : (m + blocks - 1) / blocks;
        return packedLength(rows, k) * Float.BYTES;
    }

    private static long packedLength(long rows, long k) {
        return panels(rows, ROWS) * (k * ROWS + slices(k) * COLUMNS);
    }

    private static long panels(long vectors, int width) {
        return (vectors + width - 1) / width;
    }

    private static long slices(long k) {
        return Math.max(1, (k + SLICE - 1) / SLICE);
    }

    /** Where part {@code i} of so many even parts of {@code whole} begins. */
    private static int share(int whole, int i, int parts) {
        return (int) ((long) whole * i / parts);
    }

    /**
     * Some left rows times all right panels.
     *
     * @param packed left panels, [slices][panels][depth, tileRows], each with some room behind
     */
    private record Block(
            int start, int m, int n, int k, Side left, Side right, float[] packed, Target target) {

        void run(Workers workers) {
            int leftPanels = (int) panels(m, ROWS);
            int rightPanels = (int) panels(n, COLUMNS);
            workers.forEach(leftPanels, this::packLeft);
            int group = Math.max(1, Math.min(GROUP, rightPanels / (2 * workers.threads())));
            int groups = (int) panels(rightPanels, group);
            int wanted = (int) panels((long) TASKS * workers.threads(), groups);
            int chunks = Math.max(1, Math.min(wanted, leftPanels / CHUNK));
            workers.forEach(
                    groups * chunks,
                    task -> {
                        int chunk = task % chunks;
                        int column = task / chunks * group * COLUMNS;
                        multiply(
                                share(leftPanels, chunk, chunks),
                                share(leftPanels, chunk + 1, chunks),
                                column,
                                Math.min(group * COLUMNS, n - column));
                    });
        }

        private int from(int slice) {
            return share(k, slice, (int) slices(k));
        }

        /** Where a slice of a left panel is packed. */
        private int at(int panel, int slice) {
            int depth = from(slice + 1) - from(slice);
            int before = (int) panels(m, ROWS) * (from(slice) * ROWS + slice * COLUMNS);
            return before + panel * (depth * ROWS + COLUMNS);
        }

        private void packLeft(int panel) {
            int row = panel * ROWS;
            int count = Math.min(ROWS, m - row);
            for (int s = 0; s < slices(k); s++) {
                int depth = from(s + 1) - from(s);
                left.pack(start + row, count, ROWS, from(s), depth, packed, at(panel, s));
            }
        }

        /** Left panels {@code [first, last)} times the right panels of {@code count} columns. */
        private void multiply(int first, int last, int column, int count) {
            Scratch scratch = SCRATCH.get();
            int width = (int) panels(count, COLUMNS) * COLUMNS;
            // results for which the target has no room are added up aside
            int aside = width > count ? first : Math.min(last, m / ROWS);
            float[] edge = scratch.edge((last - aside) * ROWS * width);
            for (int s = 0; s < slices(k); s++) {
                int depth = from(s + 1) - from(s);
                for (int c = 0; c < width; c += COLUMNS) {
                    int vectors = Math.min(COLUMNS, count - c);
                    int to = c * depth;
                    right.pack(column + c, vectors, COLUMNS, from(s), depth, scratch.panels, to);
                }
                boolean complete = s == slices(k) - 1;
                for (int p = first; p < last; p++) {
                    float[] results = p < aside ? target.values : edge;
                    int row = p < aside ? at(p) + column : (p - aside) * ROWS * width;
                    int stride = p < aside ? n : width;
                    if (s == 0) {
                        for (int i = 0; i < ROWS; i++) {
                            Arrays.fill(results, row + i * stride, row + i * stride + width, 0);
                        }
                    }
                    for (int c = 0; c < width; c += COLUMNS) {
                        SIMD.multiply(
                                depth,
                                packed,
                                at(p, s),
                                scratch.panels,
                                c * depth,
                                results,
                                row + c,
                                stride);
                    }
                    if (complete) {
                        finish(p, column, count, p < aside ? null : edge, row, width);
                    }
                }
            }
        }

        /** Where the first row of a left panel has its results. */
        private int at(int panel) {
            return target.at + (start + panel * ROWS) * n;
        }

        private void finish(
                int panel, int column, int count, float[] aside, int asideAt, int width) {
            int rows = Math.min(ROWS, m - panel * ROWS);
            for (int i = 0; i < rows; i++) {
                int to = at(panel) + i * n + column;
                if (aside != null) {
                    System.arraycopy(aside, asideAt + i * width, target.values, to, count);
                }
                if (target.finish != null) {
                    int row = start + panel * ROWS + i;
                    target.finish.apply(row, column, count, target.values, to);
                }
            }
        }
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
            SIMD.transpose(piece, PACK, width, length, to, at + from * width);
        }
    }
}
