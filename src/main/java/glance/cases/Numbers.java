package glance.cases;

import glance.formula.Elements;
import glance.io.HostFloats;
import glance.tensor.DType;
import java.util.SplittableRandom;

/**
 * The elements of an argument on the host, normally distributed, times a power of two and rounded
 * to the dtype. They are cut out of one table that is repeated, so that gigabytes of them cost
 * nothing to keep.
 *
 * @param offset where in the table element 0 lies
 * @param scale a power of two
 */
record Numbers(DType dtype, int offset, float scale) implements Elements {
    /** Odd, so that rows of a matrix do not repeat. */
    static final int PERIOD = (1 << 20) + 7;

    private static final float[] TABLE = table();

    private static float[] table() {
        SplittableRandom random = new SplittableRandom(20251202);
        float[] table = new float[PERIOD];
        for (int i = 0; i < PERIOD; i++) {
            table[i] = (float) random.nextGaussian();
        }
        return table;
    }

    /**
     * The numbers of an argument.
     *
     * @param ordinal arguments of different ordinals differ
     * @param fanIn terms of the sums that the elements go into; keeps these sums near 1
     */
    static Numbers of(DType dtype, long ordinal, long fanIn) {
        int offset = (int) Math.floorMod(ordinal * 104_729L, (long) PERIOD);
        int exponent = (int) Math.round(-0.5 * Math.log(Math.max(1, fanIn)) / Math.log(2));
        return new Numbers(dtype, offset, Math.scalb(1f, exponent));
    }

    @Override
    public double at(long i) {
        return HostFloats.rounded(dtype, TABLE[(int) ((offset + i) % PERIOD)] * scale);
    }

    /** Equally distributed integers below a bound. */
    int below(int bound, long i) {
        int bits = Float.floatToIntBits(TABLE[(int) ((offset + i) % PERIOD)]);
        return Math.floorMod(bits * 0x9E3779B9 >>> 8, bound);
    }
}
