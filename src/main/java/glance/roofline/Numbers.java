package glance.roofline;

import glance.formula.Elements;
import glance.io.HostFloats;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * The elements of an argument on the host, uniform in [-1, 1) times a power of two and rounded to
 * the dtype. They are cut out of one table that is repeated, so that gigabytes of them cost nothing
 * to keep.
 *
 * @param offset where in the table element 0 lies
 * @param scale a power of two
 */
record Numbers(DType dtype, int offset, float scale) implements Elements {
    /** Odd, so that rows of a matrix do not repeat. */
    private static final int PERIOD = (1 << 20) + 7;

    private static final float[] TABLE = table();

    private static float[] table() {
        SplittableRandom random = new SplittableRandom(20251202);
        float[] table = new float[PERIOD];
        for (int i = 0; i < PERIOD; i++) {
            table[i] = (float) (2 * random.nextDouble() - 1);
        }
        return table;
    }

    /**
     * The numbers of an argument.
     *
     * @param ordinal arguments of different ordinals differ
     * @param fanIn terms of the sums that the elements go into; keeps these sums near 1
     */
    static Numbers of(DType dtype, int ordinal, int fanIn) {
        int offset = (int) (ordinal * 104_729L % PERIOD);
        int exponent = (int) Math.round(-0.5 * Math.log(fanIn) / Math.log(2));
        return new Numbers(dtype, offset, Math.scalb(1f, exponent));
    }

    @Override
    public double at(long i) {
        return HostFloats.rounded(dtype, TABLE[(int) ((offset + i) % PERIOD)]) * (double) scale;
    }

    /** The first {@code count} elements as a device takes them. */
    ByteBuffer bytes(long count) {
        int size = dtype.bytes();
        int bytes = Math.toIntExact(count * size);
        // direct, as a mapped file is
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int period = (int) Math.min(count, PERIOD);
        float[] values = new float[period];
        for (int i = 0; i < period; i++) {
            values[i] = (float) at(i);
        }
        HostFloats.write(dtype, buffer, 0, values);
        for (int at = period * size; at < bytes; at += PERIOD * size) {
            buffer.put(at, buffer, 0, Math.min(PERIOD * size, bytes - at));
        }
        return buffer;
    }
}
