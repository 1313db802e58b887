package glance.tensor.block;

/** Chooses the scales of a block and a level for each of its elements. */
@FunctionalInterface
interface BlockQuantiser {
    /**
     * Writes all of a block but its levels.
     *
     * @param values finite numbers
     * @param at the first value of the block
     * @param block its bytes, all zeros
     * @param levels takes the level of each element, as its bits are stored: negative in Q8_0 alone
     */
    void quantise(float[] values, int at, byte[] block, int[] levels);

    /**
     * 32 elements with one scale d, of 8 bits: the largest magnitude is level 127 or -127. Levels
     * are rounded to the nearest, ties away from zero, as in the reference.
     */
    BlockQuantiser Q8_0 =
            (values, at, block, levels) -> {
                float d = Math.abs(largest(values, at, levels.length)) / 127;
                float inverse = d == 0 ? 0 : 1 / d;
                putHalf(block, 0, SmallFloats.halfBits(d));
                for (int i = 0; i < levels.length; i++) {
                    float level = values[at + i] * inverse;
                    float magnitude = Math.abs(level);
                    int floor = (int) magnitude;
                    int nearest = magnitude - floor >= 0.5f ? floor + 1 : floor;
                    levels[i] = level < 0 ? -nearest : nearest;
                }
            };

    /**
     * 32 elements with one scale d, which may be negative: the element of the largest magnitude is
     * the lowest level, -8 of Q4_0 and -16 of Q5_0. As in the reference, to the bit.
     *
     * @param lowest magnitude of the lowest level
     */
    static BlockQuantiser plain(int lowest) {
        return (values, at, block, levels) -> {
            float d = largest(values, at, levels.length) / -lowest;
            float inverse = d == 0 ? 0 : 1 / d;
            putHalf(block, 0, SmallFloats.halfBits(d));
            for (int i = 0; i < levels.length; i++) {
                int level = (int) (float) ((double) values[at + i] * inverse + (lowest + 0.5));
                levels[i] = Math.max(0, Math.min(2 * lowest - 1, level));
            }
        };
    }

    /** The first element of the largest magnitude, with its sign. */
    static float largest(float[] values, int at, int count) {
        float largest = 0;
        for (int i = at; i < at + count; i++) {
            if (Math.abs(values[i]) > Math.abs(largest)) {
                largest = values[i];
            }
        }
        return largest;
    }

    /** Stores 16 bits, little-endian. */
    static void putHalf(byte[] block, int at, short bits) {
        block[at] = (byte) bits;
        block[at + 1] = (byte) (bits >> 8);
    }
}
