package glance.schedule;

import java.nio.FloatBuffer;

/**
 * Standard normal numbers, the same for a seed as {@code torch.randn} on the CPU with {@code
 * torch.Generator("cpu").manual_seed(seed)}, the source of start noise in diffusers. Each draw goes
 * on where the last one ended.
 *
 * <p>Numbers come in pairs by Box and Muller, 1958: {@code r cos(2 pi u2)} and {@code r sin(2 pi
 * u2)} with {@code r = sqrt(-2 ln u1)}. PyTorch has two ways to make them, and so has this class:
 *
 * <pre>
 * n &gt;= 16  float32, blocks of 16: u1 from the first eight, u2 from the last eight uniforms.
 *          If 16 does not divide n, the last 16 numbers are drawn afresh.
 * n &lt; 16   float64, one by one; the second of a pair waits for the next number, also across draws
 * </pre>
 *
 * PyTorch's vector units approximate ln, sin and cos, so numbers may differ in the last places.
 */
public final class SeededNoise {
    private static final int BLOCK = 16;
    private static final int HALF = BLOCK / 2;
    private static final float FLOAT_STEP = 0x1p-24f;
    private static final double DOUBLE_STEP = 0x1p-53;
    private static final float TWO_PI = (float) (2 * Math.PI);

    private final MersenneTwister bits;
    private double waiting;
    private boolean hasWaiting;

    /**
     * @param seed any value, as in {@link Seeds}; PyTorch takes its lower 32 bits
     */
    public SeededNoise(long seed) {
        bits = new MersenneTwister((int) seed);
    }

    /**
     * The next {@code n} numbers, in a buffer of their own.
     *
     * @throws IllegalArgumentException if n is negative
     */
    public FloatBuffer normal(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("n must not be negative, got " + n);
        }
        float[] values = new float[n];
        if (n < BLOCK) {
            for (int i = 0; i < n; i++) {
                values[i] = (float) single();
            }
        } else {
            blocks(values);
        }
        return FloatBuffer.wrap(values);
    }

    private void blocks(float[] values) {
        int n = values.length;
        uniforms(values, 0, n);
        for (int at = 0; at + BLOCK <= n; at += BLOCK) {
            transform(values, at);
        }
        if (n % BLOCK != 0) {
            uniforms(values, n - BLOCK, BLOCK);
            transform(values, n - BLOCK);
        }
    }

    private void uniforms(float[] values, int at, int count) {
        for (int i = at; i < at + count; i++) {
            values[i] = (bits.nextInt() & 0xffffff) * FLOAT_STEP;
        }
    }

    private static void transform(float[] values, int at) {
        for (int i = at; i < at + HALF; i++) {
            float radius = (float) Math.sqrt(-2 * Math.log(1 - values[i]));
            float angle = TWO_PI * values[i + HALF];
            values[i] = radius * (float) Math.cos(angle);
            values[i + HALF] = radius * (float) Math.sin(angle);
        }
    }

    private double single() {
        if (hasWaiting) {
            hasWaiting = false;
            return waiting;
        }
        double angle = 2 * Math.PI * uniform();
        double radius = Math.sqrt(-2 * Math.log1p(-uniform()));
        waiting = radius * Math.sin(angle);
        hasWaiting = true;
        return radius * Math.cos(angle);
    }

    private double uniform() {
        long high = bits.nextInt();
        long low = bits.nextInt() & 0xffffffffL;
        return ((high << 32 | low) & ((1L << 53) - 1)) * DOUBLE_STEP;
    }
}
