package glance.backend.cpu;

import glance.op.Activation;
import glance.tensor.block.SmallFloats;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Inner loops on the Vector API; loaded only where the JVM has the module. */
final class VectorSimd extends Simd {
    /** No wider than 16 lanes, for which the loops are written. */
    static final VectorSpecies<Float> SPECIES =
            FloatVector.SPECIES_PREFERRED.length() > 16
                    ? FloatVector.SPECIES_512
                    : FloatVector.SPECIES_PREFERRED;

    private static final int LANES = SPECIES.length();
    private static final int COLUMNS = 2 * LANES;
    private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    /** As many bytes; null with 4 lanes, since there is no vector of 32 bits. */
    private static final VectorSpecies<Byte> BYTES =
            LANES < 8
                    ? null
                    : VectorSpecies.of(
                            byte.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 4));

    /**
     * The class of all vectors of floats here. The JIT keeps a vector in a register only where it
     * knows its class. Otherwise it guesses, by profiles that all vectors of the process share, and
     * in a method it gives up guessing when its inlined parts have met 100 wrong guesses together.
     * A tile has 28 parts of a kind, each of which counts one wrong guess of anybody: its stores
     * made objects then, and it took 20 times as long. Nothing is left to guess after {@code if
     * (x.getClass() != FLOATS)}, in the method that uses x: in a helper it does not help.
     */
    static final Class<?> FLOATS = FloatVector.zero(SPECIES).getClass();

    /** 512-bit vectors come with 32 registers; narrower ones may have 16. */
    private static final boolean WIDE = LANES >= 16;

    static IllegalStateException unlike() {
        return new IllegalStateException("a vector of another class than those of all loops");
    }

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
    void addTile(float[] tile, float[] c, int at, int stride) {
        for (int i = 0; i < tileRows(); i++) {
            int row = at + i * stride;
            FloatVector.fromArray(SPECIES, tile, i * COLUMNS)
                    .add(FloatVector.fromArray(SPECIES, c, row))
                    .intoArray(c, row);
            FloatVector.fromArray(SPECIES, tile, i * COLUMNS + LANES)
                    .add(FloatVector.fromArray(SPECIES, c, row + LANES))
                    .intoArray(c, row + LANES);
        }
    }

    @Override
    void strip(float[] from, int fromAt, int stride, int rows, int width, float[] to, int at) {
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < width; k += LANES) {
                FloatVector.fromArray(SPECIES, from, fromAt + i * stride + k)
                        .intoArray(to, at + i * width + k);
            }
        }
    }

    @Override
    void widen(short[] from, int fromAt, float[] to, int at, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            bfloats(from, fromAt + i).intoArray(to, at + i);
        }
        for (; i < count; i++) {
            to[at + i] = SmallFloats.bfloat(from[fromAt + i]);
        }
    }

    /** A vector of bfloat16, as float32. */
    static FloatVector bfloats(short[] from, int at) {
        IntVector bits =
                (IntVector)
                        ShortVector.fromArray(SHORTS, from, at)
                                .convertShape(VectorOperators.S2I, INTS, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    @Override
    void expand(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            int bias,
            float scale,
            float offset,
            float[] target,
            int at,
            int count) {
        if (BYTES == null) {
            super.expand(bytes, from, shift, mask, bias, scale, offset, target, at, count);
            return;
        }
        // without a loop, which would take as long as its body
        if (count == 2 * LANES) {
            expand(bytes, from, shift, mask, bias, scale, offset, target, at);
            expand(bytes, from + LANES, shift, mask, bias, scale, offset, target, at + LANES);
            return;
        }
        if (count == LANES) {
            expand(bytes, from, shift, mask, bias, scale, offset, target, at);
            return;
        }
        for (int i = 0; i < count; i += LANES) {
            expand(bytes, from + i, shift, mask, bias, scale, offset, target, at + i);
        }
    }

    private static void expand(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            int bias,
            float scale,
            float offset,
            float[] target,
            int at) {
        IntVector bits =
                (IntVector)
                        ByteVector.fromArray(BYTES, bytes, from)
                                .convertShape(VectorOperators.B2I, INTS, 0);
        FloatVector level =
                (FloatVector)
                        bits.lanewise(VectorOperators.ASHR, shift)
                                .and(mask)
                                .convert(VectorOperators.I2F, 0);
        level.add(bias).mul(scale).add(offset).intoArray(target, at);
    }

    @Override
    int lanes() {
        return LANES;
    }

    @Override
    void dots(
            int count,
            float[] a,
            int aAt,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at) {
        VectorDots.floats(count, a, aAt, aStride, b, bAt, bStride, sums, at);
    }

    @Override
    void dots(
            int count,
            short[] a,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at) {
        VectorDots.shorts(count, a, aStride, b, bAt, bStride, sums, at);
    }

    // The loops below are methods of their own: the JIT gives up on vectors in registers where too
    // much is inlined into one, and makes an object of each.

    @Override
    void softmaxBlock(float[] scores, int keys, float[] state, int stateAt) {
        maxima(scores, keys, state, stateAt);
        for (int lane = 0; lane < COLUMNS; lane += LANES) {
            powers(scores, lane, keys, state, stateAt + lane);
            shrink(state, stateAt + lane);
        }
    }

    /** Stores the new maxima, and the old less the new: zero or negative. */
    private static void maxima(float[] scores, int keys, float[] state, int at) {
        FloatVector low = FloatVector.fromArray(SPECIES, state, at);
        FloatVector high = FloatVector.fromArray(SPECIES, state, at + LANES);
        FloatVector lowBefore = low;
        FloatVector highBefore = high;
        for (int k = 0; k < keys; k++) {
            low = FloatVector.fromArray(SPECIES, scores, k * COLUMNS).max(low);
            high = FloatVector.fromArray(SPECIES, scores, k * COLUMNS + LANES).max(high);
        }
        low.intoArray(state, at);
        high.intoArray(state, at + LANES);
        lowBefore.sub(finite(low)).intoArray(state, at + 2 * COLUMNS);
        highBefore.sub(finite(high)).intoArray(state, at + 2 * COLUMNS + LANES);
    }

    /** A query that saw no key yet has -inf; 0 is subtracted there: -inf - (-inf) is NaN. */
    private static FloatVector finite(FloatVector max) {
        return max.blend(0, max.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    }

    /**
     * Replaces the scores by their powers, and leaves the sums of these at the end of the state.
     */
    private static void powers(float[] scores, int lane, int keys, float[] state, int at) {
        FloatVector shift = finite(FloatVector.fromArray(SPECIES, state, at));
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int i = lane; i < lane + keys * COLUMNS; i += COLUMNS) {
            FloatVector p = exp(FloatVector.fromArray(SPECIES, scores, i).sub(shift));
            p.intoArray(scores, i);
            sum = p.add(sum);
        }
        sum.intoArray(state, at + 3 * COLUMNS);
    }

    /** The factor of the older results, and the sum of all. */
    private static void shrink(float[] state, int at) {
        FloatVector factor = exp(FloatVector.fromArray(SPECIES, state, at + 2 * COLUMNS));
        factor.intoArray(state, at + 2 * COLUMNS);
        FloatVector.fromArray(SPECIES, state, at + COLUMNS)
                .fma(factor, FloatVector.fromArray(SPECIES, state, at + 3 * COLUMNS))
                .intoArray(state, at + COLUMNS);
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
    void scaleRows(float[] x, int start, int rows, float[] factors, int factorsAt) {
        FloatVector low = FloatVector.fromArray(SPECIES, factors, factorsAt);
        FloatVector high = FloatVector.fromArray(SPECIES, factors, factorsAt + LANES);
        for (int r = 0; r < rows; r++) {
            int at = start + r * COLUMNS;
            FloatVector.fromArray(SPECIES, x, at).mul(low).intoArray(x, at);
            FloatVector.fromArray(SPECIES, x, at + LANES).mul(high).intoArray(x, at + LANES);
        }
    }

    @Override
    float sum(float[] x, int at, int count) {
        FloatVector lanes = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            lanes = FloatVector.fromArray(SPECIES, x, at + i).add(lanes);
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
        FloatVector x = LANES > 8 ? lanes.add(lanes.rearrange(SWAP_8)) : lanes;
        x = LANES > 4 ? x.add(x.rearrange(SWAP_4)) : x;
        x = x.add(x.rearrange(SWAP_2));
        return x.add(x.rearrange(SWAP_1)).lane(0);
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

    @Override
    void rotatePairs(float[] x, int at, float[] cos, int cosAt, float[] sin, int sinAt, int count) {
        int j = 0;
        for (; j <= count - LANES; j += LANES) {
            FloatVector c = FloatVector.fromArray(SPECIES, cos, cosAt + j);
            FloatVector s = FloatVector.fromArray(SPECIES, sin, sinAt + j);
            rotatePairs(x, at + 2 * j, c.rearrange(FIRST_TWICE), s.rearrange(FIRST_TWICE));
            rotatePairs(x, at + 2 * j + LANES, c.rearrange(LAST_TWICE), s.rearrange(LAST_TWICE));
        }
        rotate(x, at, 2, 1, cos, cosAt, sin, sinAt, j, count);
    }

    /** {@code (a, b)} becomes {@code (a cos - b sin, b cos + a sin)}. */
    private static void rotatePairs(float[] x, int at, FloatVector cos, FloatVector sin) {
        FloatVector v = FloatVector.fromArray(SPECIES, x, at);
        FloatVector turned = v.rearrange(SWAP_1).mul(sin);
        FloatVector signed = turned.mul(MINUS_PLUS);
        v.mul(cos).add(signed).intoArray(x, at);
    }

    @Override
    void rotateHalves(
            float[] x, int at, float[] cos, int cosAt, float[] sin, int sinAt, int count) {
        int j = 0;
        for (; j <= count - LANES; j += LANES) {
            FloatVector c = FloatVector.fromArray(SPECIES, cos, cosAt + j);
            FloatVector s = FloatVector.fromArray(SPECIES, sin, sinAt + j);
            FloatVector a = FloatVector.fromArray(SPECIES, x, at + j);
            FloatVector b = FloatVector.fromArray(SPECIES, x, at + count + j);
            a.mul(c).sub(b.mul(s)).intoArray(x, at + j);
            b.mul(c).add(a.mul(s)).intoArray(x, at + count + j);
        }
        rotate(x, at, 1, count, cos, cosAt, sin, sinAt, j, count);
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
        float linear = linear(activation);
        float cubic = cubic(activation);
        int whole = count - count % LANES;
        timesSigmoid(x, at, whole, linear, cubic);
        if (whole < count) {
            float[] rest = Arrays.copyOfRange(x, at + whole, at + whole + LANES);
            timesSigmoid(rest, 0, LANES, linear, cubic);
            System.arraycopy(rest, 0, x, at + whole, count - whole);
        }
    }

    @Override
    void multiplySigmoidSlope(
            Activation activation, float[] x, int xAt, float[] y, int yAt, int count) {
        float linear = linear(activation);
        float cubic = cubic(activation);
        int whole = count - count % LANES;
        timesSlope(x, xAt, y, yAt, whole, linear, cubic);
        if (whole < count) {
            float[] xs = Arrays.copyOfRange(x, xAt + whole, xAt + whole + LANES);
            float[] ys = Arrays.copyOfRange(y, yAt + whole, yAt + whole + LANES);
            timesSlope(xs, 0, ys, 0, LANES, linear, cubic);
            System.arraycopy(ys, 0, y, yAt + whole, count - whole);
        }
    }

    private static void timesSlope(
            float[] x, int xAt, float[] y, int yAt, int count, float linear, float cubic) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector slope =
                    sigmoidSlope(FloatVector.fromArray(SPECIES, x, xAt + i), linear, cubic);
            FloatVector.fromArray(SPECIES, y, yAt + i).mul(slope).intoArray(y, yAt + i);
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
        for (int i = at; i < at + count; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, i);
            FloatVector slope = v.mul(v).fma(all(-cubic), all(-linear));
            v.div(exp(v.mul(slope)).add(ONE)).intoArray(x, i);
        }
    }

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(SPECIES, j -> (j ^ distance) % LANES);
    }

    private static FloatVector all(float value) {
        return FloatVector.broadcast(SPECIES, value);
    }

    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);
    private static final VectorShuffle<Float> FIRST_TWICE =
            VectorShuffle.fromOp(SPECIES, j -> j / 2);
    private static final VectorShuffle<Float> LAST_TWICE =
            VectorShuffle.fromOp(SPECIES, j -> (LANES + j) / 2);
    private static final FloatVector MINUS_PLUS =
            all(1).blend(-1, VectorMask.fromLong(SPECIES, 0x5555555555555555L));

    // Constants are vectors: made in the loop, they would use up what the JIT inlines.
    private static final FloatVector ZERO = all(0);
    private static final FloatVector ONE = all(1);
    private static final FloatVector LOG2_E = all(1.44269504f);
    private static final FloatVector LN2_HIGH = all(-0.693359375f);
    private static final FloatVector LN2_LOW = all(2.12194440e-4f);
    private static final FloatVector LOWEST = all(-87.33654f);
    private static final FloatVector HIGHEST = all(88.37626f);
    private static final FloatVector P0 = all(1.9875691500e-4f);
    private static final FloatVector P1 = all(1.3981999507e-3f);
    private static final FloatVector P2 = all(8.3334519073e-3f);
    private static final FloatVector P3 = all(4.1665795894e-2f);
    private static final FloatVector P4 = all(1.6666665459e-1f);
    private static final FloatVector P5 = all(5.0000001201e-1f);

    /** Adding it to a small float leaves the nearest integer in the low bits of the mantissa. */
    private static final FloatVector ROUND = all(0x1.8p23f);

    /**
     * {@code e^x} to about 1e-7: {@code x = n ln 2 + r}, then 2^n by exponent bits times a
     * polynomial in r (Cephes expf). 0 below -87.3, where the result would be subnormal; finite
     * above 88.
     */
    private static FloatVector exp(FloatVector x) {
        VectorMask<Float> vanishes = x.compare(VectorOperators.LT, LOWEST);
        FloatVector low = x.blend(LOWEST, vanishes);
        FloatVector clamped = low.blend(HIGHEST, low.compare(VectorOperators.GT, HIGHEST));
        FloatVector shifted = clamped.fma(LOG2_E, ROUND);
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(LN2_LOW, n.fma(LN2_HIGH, clamped));
        FloatVector p = r.fma(P0, P1).fma(r, P2).fma(r, P3).fma(r, P4).fma(r, P5);
        p = p.fma(r.mul(r), r).add(ONE);
        IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(power).reinterpretAsFloats().blend(ZERO, vanishes);
    }
}
