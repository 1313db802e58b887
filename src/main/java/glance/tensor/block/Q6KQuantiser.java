package glance.tensor.block;

/**
 * Q6_K: 16 groups of 16 elements, {@code d scale level} with a scale of 8 bits for each group and
 * levels -32 to 31. For each group some scales around the one that makes the element of the largest
 * magnitude level -32 are tried. Each gives levels l, and for these the scale of the least squared
 * error is {@code sum x l / sum l l}, which lowers the error by {@code (sum x l)^2 / sum l l}; the
 * one that lowers it most is kept. The largest scale becomes -128, the others are rounded, and
 * levels are chosen again for what is stored.
 */
final class Q6KQuantiser implements BlockQuantiser {
    private static final int GROUP = 16;
    private static final int GROUPS = 16;
    private static final int LEAST = -32;
    private static final int MOST = 31;
    private static final int SCALES_AT = 192;
    private static final int D_AT = 208;

    /** Magnitudes that the level of the largest element is tried at. */
    private static final float[] TRIED = {30, 31, 31.5f, 32, 32.4f};

    @Override
    public void quantise(float[] values, int at, byte[] block, int[] levels) {
        float[] scales = new float[GROUPS];
        LevelSums sums = new LevelSums(GROUP);
        for (int g = 0; g < GROUPS; g++) {
            scales[g] = scale(values, at + g * GROUP, sums);
        }
        short bits = SmallFloats.halfBits(BlockQuantiser.largest(scales, 0, GROUPS) / -128);
        float d = SmallFloats.half(bits);
        BlockQuantiser.putHalf(block, D_AT, bits);
        for (int g = 0; g < GROUPS; g++) {
            int scale = d == 0 ? 0 : Math.max(-128, Math.min(127, Math.round(scales[g] / d)));
            block[SCALES_AT + g] = (byte) scale;
            float inverse = scale == 0 ? 0 : 1 / (d * scale);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                levels[i] = LevelSums.level(values[at + i] * inverse, LEAST, MOST) - LEAST;
            }
        }
    }

    private static float scale(float[] values, int at, LevelSums sums) {
        float largest = BlockQuantiser.largest(values, at, GROUP);
        float best = 0;
        float bestGain = 0;
        for (float level : TRIED) {
            float inverse = -level / largest;
            if (Float.isInfinite(inverse)) {
                break; // all zeros, or as good as that
            }
            sums.of(values, at, 0, inverse);
            float scale = sums.product / sums.squares;
            if (scale * sums.product > bestGain) {
                best = scale;
                bestGain = scale * sums.product;
            }
        }
        return best;
    }
}
