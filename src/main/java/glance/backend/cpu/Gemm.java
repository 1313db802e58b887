package glance.backend.cpu;

import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * {@code y[m, n] = sum_k left(m, k) right(n, k)}: the product under every linear layer and
 * convolution.
 *
 * <p>Blocking (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", TOMS
 * 2008): both sides are packed into panels, tileRows wide on the left and tileColumns on the right,
 * so that the inner loop reads memory in order. The depth is cut into even slices of about {@link
 * #SLICE} at most; a block of up to {@link #BLOCK_ROWS} left rows is packed once for all threads. A
 * task packs a slice of a few right panels, converting their dtype on the way, which stay in the
 * second-level cache while all left panels pass by. Results are added up where they are wanted, and
 * finished (bias, activation) as soon as their last slice is in.
 *
 * <p>Panels are padded with zeros and slices depend on the depth alone, so every element is summed
 * in the same order by the same instructions, whatever the number of threads and rows.
 */
final class Gemm {
    private static final int BLOCK_ROWS = 1400;

    /** Few slices, since each reads and writes the results once; more gained nothing. */
    static final int SLICE = 1024;

    /** Columns transposed at a time while packing; whole blocks of quantised weights. */
    static final int PIECE = 256;

    /** Rows of a piece are this far apart. */
    private static final int STRIDE = PIECE + 16;

    static final int ROWS = Simd.INSTANCE.tileRows();
    static final int COLUMNS = Simd.INSTANCE.tileColumns();

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

        /** The same for some rows, {@code stride} apart in the target. */
        default void read(int row, int rows, int k, int count, float[] to, int at, int stride) {
            for (int i = 0; i < rows; i++) {
                read(row + i, k, count, to, at + i * stride);
            }
        }

        /** The same as bfloat16; false, and nothing is copied, if the numbers are no bfloat16. */
        default boolean readShorts(int row, int rows, int k, int count, short[] to, int stride) {
            return false;
        }

        /** A contiguous tensor of any real dtype, seen as rows of some width. */
        static Source of(Tensor t, int width) {
            return new TensorRows(t, width);
        }
    }

    private record TensorRows(Tensor t, int width) implements Source {
        @Override
        public void read(int row, int k, int count, float[] to, int at) {
            read(row, 1, k, count, to, at, 0);
        }

        @Override
        public void read(int row, int rows, int k, int count, float[] to, int at, int stride) {
            long start = t.offset() + (long) row * width + k;
            Widen.rows(t, start, width, rows, to, at, stride, count);
        }

        @Override
        public boolean readShorts(int row, int rows, int k, int count, short[] to, int stride) {
            long start = t.offset() + (long) row * width + k;
            return Widen.shorts(t, start, width, rows, to, stride, count);
        }
    }

    /** One side of the product, packed for the tiles. */
    interface Side {
        /**
         * Packs vectors {@code [first, first + count)}, of each the elements {@code [k, k +
         * depth)}, as panels [depth, width] that begin {@code pitch} elements apart; missing
         * vectors of the last panel as zeros.
         */
        void pack(int first, int count, int width, int k, int depth, float[] to, int at, int pitch);

        /** The vectors are the rows of a matrix. */
        static Side rows(Source matrix) {
            return (first, count, width, k, depth, to, at, pitch) -> {
                for (int v = 0; v < count; v += width) {
                    int vectors = Math.min(width, count - v);
                    int panel = at + v / width * pitch;
                    packRows(matrix, first + v, vectors, width, k, depth, to, panel);
                }
            };
        }

        /** The vectors are the columns of a matrix: it is packed as it lies. */
        static Side columns(Source matrix) {
            return (first, count, width, k, depth, to, at, pitch) -> {
                int panels = (int) panels(count, width);
                float[] line = SCRATCH.get().line(panels * width);
                Arrays.fill(line, count, panels * width, 0);
                for (int j = 0; j < depth; j++) {
                    matrix.read(k + j, first, count, line, 0);
                    for (int p = 0; p < panels; p++) {
                        int row = at + p * pitch + j * width;
                        System.arraycopy(line, p * width, to, row, width);
                    }
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
    record Target(float[] values, int at, Finish finish) {
        /** A contiguous F32 tensor, seen as rows. */
        static Target of(Tensor out, Finish finish) {
            return new Target(CpuStorage.floats(out), (int) out.offset(), finish);
        }

        /** The results, as rows to read. */
        Source rows(int width) {
            return (row, k, count, to, at) ->
                    System.arraycopy(values, this.at + row * width + k, to, at, count);
        }
    }

    /**
     * A low-rank term of a product, for all rows or for a share of them: {@code left(m, k)} gets
     * {@code rank} more columns {@code low(m, r) = sum_k left(m, k) down(r, k)}, and {@code
     * right(n, k)} those of {@code up(n, r)}.
     *
     * @param low row-major, rank elements to a row, for the same rows m; finished before it is used
     */
    record Extension(int rank, Side down, Target low, Side up) {}

    /** What a thread needs while it packs and multiplies. */
    static final class Scratch {
        final float[] piece = new float[COLUMNS * STRIDE];
        private float[] panels = new float[0];
        private float[] edge = new float[0];
        private float[] line = new float[0];

        float[] line(int length) {
            if (line.length < length) {
                line = new float[length];
            }
            return line;
        }

        float[] panels(int length) {
            if (panels.length < length) {
                panels = new float[length];
            }
            return panels;
        }

        float[] edge(int length) {
            if (edge.length < length) {
                edge = new float[length];
            }
            return edge;
        }
    }

    static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** No low-rank term for any row. */
    static final List<Extension> NONE = Collections.singletonList(null);

    /** Computes all m x n results of depth k. */
    void run(int m, int n, int k, Source left, Source right, Target target) {
        run(m, n, k, Side.rows(left), Side.rows(right), target);
    }

    /** Computes all m x n results of depth k. */
    void run(int m, int n, int k, Side left, Side right, Target target) {
        run(m, n, k, left, right, NONE, target);
    }

    /**
     * Computes all m x n results of depth k.
     *
     * @param extensions of even, consecutive shares of the rows, null for none
     */
    void run(
            int m, int n, int k, Side left, Side right, List<Extension> extensions, Target target) {
        int rank = 0;
        for (Extension extension : extensions) {
            rank = Math.max(rank, extension == null ? 0 : extension.rank);
        }
        int shares = extensions.size();
        int rows = m / shares;
        int blocks = blocks(shares, together(rows));
        for (int block = 0; block < blocks; block++) {
            int first = share(shares, block, blocks);
            List<Extension> own = extensions.subList(first, share(shares, block + 1, blocks));
            int parts = blocks(rows, BLOCK_ROWS);
            for (int part = 0; part < parts; part++) {
                int from = share(rows, part, parts);
                int height = share(rows, part + 1, parts) - from;
                CpuStorage packed = memory.scratch(own.size() * packedLength(height, k + rank));
                try {
                    new GemmBlock(first * rows + from, height, own, k, rank, left, packed.floats)
                            .run(n, right, target, workers);
                } finally {
                    packed.release();
                }
            }
        }
    }

    /** Scratch that {@link #run} takes for so many shares of m rows of depth k. */
    static long workspaceBytes(long m, int shares, long k) {
        int rows = (int) (m / shares);
        int together = together(rows);
        int parts = blocks(rows, BLOCK_ROWS);
        long height = parts == 0 ? 0 : blocks(rows, parts);
        return Math.min(shares, together) * packedLength(height, k) * Float.BYTES;
    }

    /** Shares of so many rows that are packed together. */
    private static int together(int rows) {
        return Math.max(1, BLOCK_ROWS / Math.max(1, rows));
    }

    private static int blocks(int whole, int most) {
        return (whole + most - 1) / most;
    }

    private static long packedLength(long rows, long k) {
        return panels(rows, ROWS) * k * ROWS;
    }

    static long panels(long vectors, int width) {
        return (vectors + width - 1) / width;
    }

    static long slices(long k) {
        return Math.max(1, (k + SLICE - 1) / SLICE);
    }

    /** Where part {@code i} of so many even parts of {@code whole} begins. */
    static int share(int whole, int i, int parts) {
        return (int) ((long) whole * i / parts);
    }

    private static void packRows(
            Source source, int row, int count, int width, int k, int depth, float[] to, int at) {
        float[] piece = SCRATCH.get().piece;
        for (int from = 0; from < depth; from += PIECE) {
            int length = Math.min(PIECE, depth - from);
            Arrays.fill(piece, count * STRIDE, width * STRIDE, 0);
            source.read(row, count, k + from, length, piece, 0, STRIDE);
            Rows.transpose(piece, STRIDE, width, length, to, at + from * width);
        }
    }
}
