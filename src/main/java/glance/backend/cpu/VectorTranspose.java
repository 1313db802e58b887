package glance.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Squares of vectors transposed in place: with i = row and j = lane, each stage swaps one bit of i
 * with the same bit of j, for which a row needs lanes of one other row only. One element at a time
 * takes about three times as long.
 */
final class VectorTranspose {
    private static final VectorSpecies<Float> SPECIES = VectorSimd.SPECIES;
    private static final int LANES = SPECIES.length();

    // one by one, so that the JIT sees constants
    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);
    private static final VectorMask<Float> SET_8 = set(8);
    private static final VectorMask<Float> SET_4 = set(4);
    private static final VectorMask<Float> SET_2 = set(2);
    private static final VectorMask<Float> SET_1 = set(1);

    private final float[] square = new float[LANES * LANES];

    private static VectorShuffle<Float> swap(int bit) {
        return VectorShuffle.fromOp(SPECIES, j -> (j ^ bit) % LANES);
    }

    private static VectorMask<Float> set(int bit) {
        boolean[] lanes = new boolean[LANES];
        for (int j = 0; j < LANES; j++) {
            lanes[j] = (j & bit) != 0;
        }
        return VectorMask.fromArray(SPECIES, lanes, 0);
    }

    /** See {@link Simd#transpose}. */
    void run(float[] from, int stride, int width, int length, float[] to, int at) {
        for (int i = 0; i < width; i += LANES) {
            int k = 0;
            for (; k <= length - LANES; k += LANES) {
                square(from, i * stride + k, stride, to, at + k * width + i, width);
            }
            if (k < length) {
                square(from, i * stride + k, stride, square, 0, LANES);
                for (int j = 0; k + j < length; j++) {
                    int target = at + (k + j) * width + i;
                    System.arraycopy(square, j * LANES, to, target, Math.min(LANES, width - i));
                }
            }
        }
    }

    /** Rows are written from first to last: what one writes beyond its width, the next replaces. */
    private void square(float[] from, int fromAt, int stride, float[] to, int at, int width) {
        int rows = stride;
        float[] x = from;
        int start = fromAt;
        if (LANES >= 16) {
            stage(x, start, rows, square, 0, LANES, 8, SWAP_8, SET_8);
            x = square;
            start = 0;
            rows = LANES;
        }
        if (LANES >= 8) {
            stage(x, start, rows, square, 0, LANES, 4, SWAP_4, SET_4);
            x = square;
            start = 0;
            rows = LANES;
        }
        stage(x, start, rows, square, 0, LANES, 2, SWAP_2, SET_2);
        stage(square, 0, LANES, to, at, width, 1, SWAP_1, SET_1);
    }

    private static void stage(
            float[] from,
            int fromAt,
            int fromWidth,
            float[] to,
            int at,
            int width,
            int bit,
            VectorShuffle<Float> swap,
            VectorMask<Float> set) {
        for (int pair = 0; pair < LANES / 2; pair++) {
            int i = (pair & -bit) + pair; // without the bit
            int low = fromAt + i * fromWidth;
            FloatVector a = FloatVector.fromArray(SPECIES, from, low);
            FloatVector b = FloatVector.fromArray(SPECIES, from, low + bit * fromWidth);
            a.blend(b.rearrange(swap), set).intoArray(to, at + i * width);
            a.rearrange(swap).blend(b, set).intoArray(to, at + (i + bit) * width);
        }
    }
}
