package glance.backend.cpu;

import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * Packs one head of [batch, seqLen, numHeads, headDim] for the tiles of {@link Simd#multiply}. A
 * panel holds {@code width} vectors side by side; missing vectors are zeros.
 *
 * <p>Three tokens of four dimensions, in panels of two (a to d are dimensions, 0 to 2 tokens):
 *
 * <pre>
 *   byToken: products that sum over dimensions    [a0 a1  b0 b1  c0 c1  d0 d1] [a2 .  b2 .  c2 .  d2 .]
 *   byDim:   products that sum over tokens        [a0 b0  a1 b1  a2 b2] [c0 d0  c1 d1  c2 d2]
 * </pre>
 */
final class HeadPanels {
    private static final Simd SIMD = Simd.INSTANCE;

    /** The widest panel, and what {@link Simd#strip} may read of a row. */
    private static final int MOST = SIMD.tileColumns();

    /** Tokens that are packed. */
    private static final class Piece {
        float[] rows = new float[0];
        int stride;

        void fit(int headDim) {
            stride = headDim + MOST / 2; // no power of two for the usual 64, 96 and 128
            if (rows.length < MOST * stride) {
                rows = new float[MOST * stride];
            }
        }
    }

    private static final ThreadLocal<Piece> PIECE = ThreadLocal.withInitial(Piece::new);

    private HeadPanels() {}

    /** A number rounded up to a multiple of the panels' width. */
    static int padded(int count, int width) {
        return (count + width - 1) / width * width;
    }

    /** Index of the first element of a token's head. */
    static int position(Tensor t, int b, int s, int h) {
        return (int) (t.offset() + b * t.stride(0) + s * t.stride(1) + h * t.stride(2));
    }

    /**
     * Tokens {@code [start, start + count)} times {@code scale}, as [padded count / width][headDim,
     * width].
     */
    static void byToken(
            Tensor t,
            int b,
            int h,
            int start,
            int count,
            int width,
            float scale,
            float[] to,
            int at) {
        float[] values = CpuStorage.floats(t);
        int headDim = t.dim(3);
        int stride = (int) t.stride(1);
        for (int first = 0; first < count; first += width) {
            int panel = at + first * headDim;
            int from = position(t, b, start + first, h);
            Piece piece = PIECE.get();
            piece.fit(headDim);
            for (int i = 0; i < width; i++) {
                int row = i * piece.stride;
                if (first + i < count) {
                    System.arraycopy(values, from + i * stride, piece.rows, row, headDim);
                } else {
                    Arrays.fill(piece.rows, row, row + headDim, 0);
                }
            }
            Rows.transpose(piece.rows, piece.stride, width, headDim, to, panel);
        }
        if (scale != 1) {
            Rows.scale(scale, to, at, padded(count, width) * headDim);
        }
    }

    /**
     * Tokens {@code [start, start + count)} times {@code scale}, as [padded headDim / width][rows,
     * width], tokens from {@code count} to {@code rows} as zeros.
     */
    static void byDim(
            Tensor t,
            int b,
            int h,
            int start,
            int count,
            int rows,
            int width,
            float scale,
            float[] to,
            int at) {
        float[] values = CpuStorage.floats(t);
        int headDim = t.dim(3);
        int stride = (int) t.stride(1);
        for (int dim = 0; dim < headDim; dim += width) {
            int panel = at + dim * rows;
            int length = Math.min(width, headDim - dim);
            int from = position(t, b, start, h) + dim;
            boolean last = dim + width >= headDim;
            if (!last && from + (count - 1) * stride + MOST <= values.length) {
                SIMD.strip(values, from, stride, count, width, to, panel);
            } else {
                for (int i = 0; i < count; i++) {
                    int row = panel + i * width;
                    System.arraycopy(values, from + i * stride, to, row, length);
                    Arrays.fill(to, row + length, row + width, 0);
                }
            }
            Arrays.fill(to, panel + count * width, panel + rows * width, 0);
        }
        if (scale != 1) {
            Rows.scale(scale, to, at, padded(headDim, width) * rows);
        }
    }
}
