package glance.tensor.block;

/**
 * Q4_K: 8 groups of 32 elements, {@code d scale level - m offset} with scale and offset of 6 bits
 * for each group and levels 0 to 15. For each group some scales around {@code (largest - smallest)
 * / 15} are tried, with the smallest at most 0. Each gives levels l, and for these scale s and
 * offset o of the least squared error solve
 *
 * <pre>
 * s sum l l - o sum l = sum x l          o at least 0
 * s sum l   - o n     = sum x
 * </pre>
 *
 * The pair that lowers the error most, by {@code s sum x l - o sum x}, is kept. The largest scale
 * and the largest offset of the block become 63, the others are rounded, and levels are chosen
 * again for what is stored.
 */
final class Q4KQuantiser implements BlockQuantiser {
    private static final int GROUP = 32;
    private static final int GROUPS = 8;
    private static final int MOST = 15;
    private static final int MOST_UNITS = 63;
    private static final int SCALES_AT = 4;

    /** Levels that the largest element is tried at. */
    private static final float[] TRIED = {12, 13, 13.5f, 14, 14.5f, 15, 15.4f};

    @Override
    public void quantise(float[] values, int at, byte[] block, int[] levels) {
        float[] scales = new float[GROUPS];
        float[] offsets = new float[GROUPS];
        LevelSums sums = new LevelSums(GROUP);
        for (int g = 0; g < GROUPS; g++) {
            fit(values, at + g * GROUP, sums, g, scales, offsets);
        }
        float d = putUnit(scales, block, 0);
        float m = putUnit(offsets, block, 2);
        for (int g = 0; g < GROUPS; g++) {
            int scale = units(scales[g], d);
            int offset = units(offsets[g], m);
            putGroup(block, g, scale, offset);
            float inverse = scale == 0 ? 0 : 1 / (d * scale);
            float low = -m * offset;
            for (int i = g * GROUP; i < (g + 1) * GROUP; i++) {
                levels[i] = LevelSums.level((values[at + i] - low) * inverse, 0, MOST);
            }
        }
    }

    /** Stores what the largest is 63 times of. */
    private static float putUnit(float[] values, byte[] block, int at) {
        float largest = BlockQuantiser.largest(values, 0, GROUPS);
        short bits = SmallFloats.halfBits(largest / MOST_UNITS);
        BlockQuantiser.putHalf(block, at, bits);
        return SmallFloats.half(bits);
    }

    private static int units(float value, float unit) {
        return unit == 0 ? 0 : Math.min(MOST_UNITS, Math.round(value / unit));
    }

    /** As {@link BlockScales#Q4_K} reads them. */
    private static void putGroup(byte[] block, int group, int scale, int offset) {
        int at = SCALES_AT + group;
        if (group < 4) {
            block[at] = (byte) scale;
            block[at + 4] = (byte) offset;
        } else {
            block[at + 4] = (byte) (scale & 0xf | offset << 4);
            block[at - 4] |= (byte) (scale >> 4 << 6);
            block[at] |= (byte) (offset >> 4 << 6);
        }
    }

    private static void fit(
            float[] values, int at, LevelSums sums, int group, float[] scales, float[] offsets) {
        float low = 0;
        float high = values[at];
        float x = 0;
        for (int i = at; i < at + GROUP; i++) {
            low = Math.min(low, values[i]);
            high = Math.max(high, values[i]);
            x += values[i];
        }
        double best = 0;
        for (float tried : TRIED) {
            float inverse = tried / (high - low);
            if (Float.isInfinite(inverse)) {
                offsets[group] = -low; // all are the same, or as good as that
                break;
            }
            sums.of(values, at, low, inverse);
            double determinant = (double) GROUP * sums.squares - (double) sums.sum * sums.sum;
            double scale = 0;
            if (determinant > 0) {
                scale = (GROUP * (double) sums.product - (double) sums.sum * x) / determinant;
            } else if (sums.sum > 0) {
                scale = sums.product / sums.squares;
            }
            double offset = (scale * sums.sum - x) / GROUP;
            if (offset < 0) {
                scale = sums.product / sums.squares;
                offset = 0;
            }
            double gain = scale * sums.product - offset * x;
            if (gain > best) {
                best = gain;
                scales[group] = (float) scale;
                offsets[group] = (float) offset;
            }
        }
    }
}
