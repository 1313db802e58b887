package glance.backend.cpu;

import glance.op.Activation;
import glance.tensor.block.SmallFloats;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Inner loops on the Vector API; loaded only where the JVM has the module. */
final class VectorSimd extends Simd {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    private static final int LANES = SPECIES.length();
    private static final int COLUMNS = 2 * LANES;
    private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
    private static final ThreadLocal<VectorTranspose> TRANSPOSE =
            ThreadLocal.withInitial(VectorTranspose::new);

    /** 512-bit vectors come with 32 registers; narrower ones may have 16. */
    private static final boolean WIDE = LANES >= 16;

    @Override
    int tileRows() {
        return WIDE ? VectorTiles.WIDE_ROWS : VectorTiles.NARROW_ROWS;
    }

    @Override
    int tileColumns() {
        return COLUMNS;
    }

    @Override
    String description() {
        return "SIMD, " + LANES + " floats wide";
    }

    @Override
    void multiply(
            int depth, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cStride) {
        if (WIDE) {
            VectorTiles.wide(depth, a, aAt, b, bAt, c, cAt, cStride);
        } else {
            VectorTiles.narrow(depth, a, aAt, b, bAt, c, cAt, cStride);
        }
    }

    @Override
    void transpose(float[] from, int stride, int width, int length, float[] to, int at) {
        TRANSPOSE.get().run(from, stride, width, length, to, at);
    }

    @Override
    void widen(short[] from, float[] to, int at, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            IntVector bits =
                    (IntVector)
                            ShortVector.fromArray(SHORTS, from, i)
                                    .convertShape(VectorOperators.S2I, INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(to, at + i);
        }
        for (; i < count; i++) {
            to[at + i] = SmallFloats.bfloat(from[i]);
        }
    }

    @Override
    void softmaxBlock(float[] scores, int keys, float[] state) {
        softmaxLanes(scores, keys, state, 0);
        softmaxLanes(scores, keys, state, LANES);
    }

    private static void softmaxLanes(float[] scores, int keys, float[] state, int at) {
        FloatVector before = FloatVector.fromArray(SPECIES, state, at);
        FloatVector max = before;
        for (int k = 0; k < keys; k++) {
            max = max.max(FloatVector.fromArray(SPECIES, scores, k * COLUMNS + at));
        }
        // a query that saw no key yet keeps -inf; subtract 0 there, since -inf - (-inf) is NaN
        VectorMask<Float> none = max.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY);
        FloatVector shift = max.blend(0, none);
        FloatVector shrink = exp(before.sub(shift));
        FloatVector sum = FloatVector.fromArray(SPECIES, state, COLUMNS + at).mul(shrink);
        for (int k = 0; k < keys; k++) {
            FloatVector p =
                    exp(FloatVector.fromArray(SPECIES, scores, k * COLUMNS + at).sub(shift));
            p.intoArray(scores, k * COLUMNS + at);
            sum = sum.add(p);
        }
        max.intoArray(state, at);
        sum.intoArray(state, COLUMNS + at);
        shrink.intoArray(state, 2 * COLUMNS + at);
    }

    @Override
    void softmaxGradient(
            float[] scores,
            float[] gradients,
            int at,
            int rows,
            float[] lse,
            float[] rowDots,
            int rowAt) {
        for (int r = 0; r < rows; r++) {
            float shift = lse[rowAt + r];
            float rowDot = rowDots[rowAt + r];
            for (int i = at + r * COLUMNS; i < at + (r + 1) * COLUMNS; i += LANES) {
                FloatVector p = exp(FloatVector.fromArray(SPECIES, scores, i).sub(shift));
                p.intoArray(scores, i);
                FloatVector.fromArray(SPECIES, gradients, i)
                        .sub(rowDot)
                        .mul(p)
                        .intoArray(gradients, i);
            }
        }
    }

    @Override
    void scaleRows(float[] x, int rows, float[] factors, int factorsAt) {
        FloatVector low = FloatVector.fromArray(SPECIES, factors, factorsAt);
        FloatVector high = FloatVector.fromArray(SPECIES, factors, factorsAt + LANES);
        for (int r = 0; r < rows; r++) {
            int at = r * COLUMNS;
            FloatVector.fromArray(SPECIES, x, at).mul(low).intoArray(x, at);
            FloatVector.fromArray(SPECIES, x, at + LANES).mul(high).intoArray(x, at + LANES);
        }
    }

    @Override
    float sum(float[] x, int at, int count) {
        FloatVector lanes = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            lanes = lanes.add(FloatVector.fromArray(SPECIES, x, at + i));
        }
        float sum = total(lanes);
        for (; i < count; i++) {
            sum += x[at + i];
        }
        return sum;
    }

    /**
     * Sum of the lanes, by halves. The Vector API leaves the order of its own reduction open, and
     * from JDK 23 compiled code takes another than the interpreter: the bits of a result would
     * depend on when its loop was compiled.
     */
    private static float total(FloatVector lanes) {
        float[] x = lanes.toArray();
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                x[i] += x[i + half];
            }
        }
        return x[0];
    }

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int count) {
        FloatVector lanes = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, a, aAt + i);
            lanes = x.fma(FloatVector.fromArray(SPECIES, b, bAt + i), lanes);
        }
        float sum = total(lanes);
        for (; i < count; i++) {
            sum += a[aAt + i] * b[bAt + i];
        }
        return sum;
    }

    @Override
    float sumSquares(float[] x, int at, int count, float mean) {
        FloatVector lanes = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, at + i).sub(mean);
            lanes = d.fma(d, lanes);
        }
        float sum = total(lanes);
        for (; i < count; i++) {
            float d = x[at + i] - mean;
            sum += d * d;
        }
        return sum;
    }

    /** All three are {@code x sigmoid(z)}; they differ in {@code z = x (linear + cubic x^2)}. */
    private static float linear(Activation activation) {
        return switch (activation) {
            case SILU -> 1;
            case QUICK_GELU -> 1.702f;
            // tanh(u) = 2 sigmoid(2u) - 1, so 0.5 x (1 + tanh(u)) = x sigmoid(2u)
            case GELU_TANH -> 1.5957691216f;
            default -> throw new IllegalArgumentException("not sigmoid-shaped: " + activation);
        };
    }

    private static float cubic(Activation activation) {
        return activation == Activation.GELU_TANH ? 0.0713548163f : 0;
    }

    @Override
    void sigmoidActivation(Activation activation, float[] x, int at, int count) {
        timesSigmoid(x, at, count, linear(activation), cubic(activation));
    }

    @Override
    void multiplySigmoidSlope(
            Activation activation, float[] x, int xAt, float[] y, int yAt, int count) {
        float linear = linear(activation);
        float cubic = cubic(activation);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector.fromArray(SPECIES, y, yAt + i)
                    .mul(sigmoidSlope(v, linear, cubic))
                    .intoArray(y, yAt + i);
        }
        if (i < count) {
            VectorMask<Float> tail = SPECIES.indexInRange(i, count);
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i, tail);
            FloatVector.fromArray(SPECIES, y, yAt + i, tail)
                    .mul(sigmoidSlope(v, linear, cubic))
                    .intoArray(y, yAt + i, tail);
        }
    }

    /**
     * {@code s (1 + x z' (1 - s))} with s the sigmoid of z; {@code 1 - s = e^-z s}, because the
     * difference would lose all its places where s is near 1.
     */
    private static FloatVector sigmoidSlope(FloatVector x, float linear, float cubic) {
        FloatVector square = x.mul(x);
        FloatVector power = exp(x.mul(square.mul(-cubic).sub(linear)));
        FloatVector s = FloatVector.broadcast(SPECIES, 1).div(power.add(1));
        FloatVector inner = square.mul(3 * cubic).add(linear).mul(x);
        return inner.mul(power.mul(s)).add(1).mul(s);
    }

    private static void timesSigmoid(float[] x, int at, int count, float linear, float cubic) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, at + i);
            FloatVector slope = v.mul(v).mul(-cubic).sub(linear);
            v.div(exp(v.mul(slope)).add(1)).intoArray(x, at + i);
        }
        if (i < count) {
            VectorMask<Float> tail = SPECIES.indexInRange(i, count);
            FloatVector v = FloatVector.fromArray(SPECIES, x, at + i, tail);
            FloatVector slope = v.mul(v).mul(-cubic).sub(linear);
            v.div(exp(v.mul(slope)).add(1)).intoArray(x, at + i, tail);
        }
    }

    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float LOWEST = -87.33654f;
    private static final float HIGHEST = 88.37626f;

    /** Adding it to a small float leaves the nearest integer in the low bits of the mantissa. */
    private static final float ROUND = 0x1.8p23f;

    /**
     * {@code e^x} to about 1e-7: {@code x = n ln 2 + r}, then 2^n by exponent bits times a
     * polynomial in r (Cephes expf). 0 below -87.3, where the result would be subnormal; finite
     * above 88.
     */
    private static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(LOWEST).min(HIGHEST);
        FloatVector shifted = clamped.mul(LOG2_E).add(ROUND);
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.mul(-LN2_HIGH).add(clamped);
        r = n.mul(-LN2_LOW).add(r);
        FloatVector p = r.mul(1.9875691500e-4f).add(1.3981999507e-3f);
        p = p.mul(r).add(8.3334519073e-3f);
        p = p.mul(r).add(4.1665795894e-2f);
        p = p.mul(r).add(1.6666665459e-1f);
        p = p.mul(r).add(5.0000001201e-1f);
        p = p.mul(r).mul(r).add(r).add(1);
        IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        IntVector bits = p.reinterpretAsInts().add(power);
        VectorMask<Float> vanishes = x.compare(VectorOperators.LT, LOWEST);
        return bits.reinterpretAsFloats().blend(0, vanishes);
    }
}
