package glance.schedule;

import java.math.BigInteger;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Seeds as people write them: whole numbers from 0 to 2^64 - 1, as in PyTorch and ComfyUI. In the
 * engine a seed is the long of the same 64 bits, so that counting up goes from 2^64 - 1 to 0.
 */
public final class Seeds {
    /** What {@link #parse} expects, for messages. */
    public static final String RANGE = "a whole number from 0 to 18446744073709551615";

    /** Small enough to type again. */
    private static final long RANDOM_SEEDS = 1L << 31;

    private Seeds() {}

    /** One by chance, for a run that need not be repeated. */
    public static long random() {
        return ThreadLocalRandom.current().nextLong(RANDOM_SEEDS);
    }

    /**
     * Reads the text of a seed.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static long parse(String text) {
        try {
            return Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not " + RANGE, e);
        }
    }

    /** The text that {@link #parse} reads. */
    public static String text(long seed) {
        return Long.toUnsignedString(seed);
    }

    /** The number itself, for JSON. */
    public static BigInteger number(long seed) {
        return new BigInteger(text(seed));
    }
}
