package glance.op;

import glance.tensor.Tensor;
import java.util.stream.DoubleStream;

/**
 * Numbers in 8 bits each with one scale for every {@value #SIZE}: element i is {@code
 * values[codes[i]] * scales[i / 256]}. Dettmers et al., arXiv 2110.02861; the values are those of
 * bitsandbytes' create_dynamic_map.
 *
 * <p>The values spend their bits on the exponent first. Each decade below 1 has twice the values of
 * the next smaller one, evenly spaced:
 *
 * <pre>
 * (0.1,  1)     64 values, or 128 without sign
 * (0.01, 0.1)   32           64
 * ...
 * (1e-7, 1e-6)   1            2         and 0 and 1
 * </pre>
 *
 * @param codes [n] U8
 * @param scales [ceil(n / 256)] F32, the largest magnitude of each block
 */
public record QuantizedBlocks(Tensor codes, Tensor scales) {
    /** Elements that share a scale; the last block may have fewer. */
    public static final int SIZE = 256;

    private static final int DECADES = 7;
    private static final float[] SIGNED = values(true);
    private static final float[] UNSIGNED = values(false);

    /** What the codes 0 to 255 stand for, rising from just above -1 to 1; 127 is 0. */
    public static float[] signedValues() {
        return SIGNED.clone();
    }

    /** What the codes 0 to 255 stand for, rising from 0 to 1. */
    public static float[] unsignedValues() {
        return UNSIGNED.clone();
    }

    /** Number of scales of n elements. */
    public static int blocks(long numel) {
        return Math.toIntExact((numel + SIZE - 1) / SIZE);
    }

    private static float[] values(boolean signed) {
        DoubleStream.Builder all = DoubleStream.builder().add(0).add(1);
        for (int decade = 0; decade < DECADES; decade++) {
            int count = 1 << (signed ? decade : decade + 1);
            for (int i = 0; i < count; i++) {
                // the middles of equal parts of (0.1, 1)
                double value = (0.1 + 0.9 * (i + 0.5) / count) * Math.pow(10, decade - DECADES + 1);
                all.add(value);
                if (signed) {
                    all.add(-value);
                }
            }
        }
        double[] sorted = all.build().sorted().toArray();
        float[] floats = new float[sorted.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) sorted[i];
        }
        return floats;
    }
}
