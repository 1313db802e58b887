package glance.backend.cpu;

import glance.op.Activation;
import glance.tensor.block.BlockFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The inner loops of the CPU device. There are two implementations: one on the Vector API, chosen
 * where the JVM has that module, and one in plain Java. The choice is made once and logged.
 */
abstract class Simd {
    /** Rows of {@link #dots}. */
    static final int DOT_ROWS = 4;

    /** Columns of {@link #dots}. */
    static final int DOT_COLUMNS = 2;

    /** The implementation for this JVM. */
    static final Simd INSTANCE = choose();

    /** Rows of a tile of the matrix product: see {@link #multiply}. */
    abstract int tileRows();

    /** Columns of a tile of the matrix product, and queries of an attention block. */
    abstract int tileColumns();

    /** Width and kind of the vectors, for people. */
    abstract String description();

    /**
     * {@code c = a b} for one tile; R = tileRows, C = tileColumns.
     *
     * @param depth number of products in each sum
     * @param a packed [depth, R] from {@code aAt}
     * @param b packed [depth, C] from {@code bAt}
     * @param c [R, C] from {@code cAt}, rows {@code cStride} apart
     */
    abstract void multiply(
            int depth, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cStride);

    /** {@code c += tile}, both [R, C]; rows of c {@code stride} apart from {@code at}. */
    abstract void addTile(float[] tile, float[] c, int at, int stride);

    private final ThreadLocal<float[]> tile =
            ThreadLocal.withInitial(() -> new float[tileRows() * tileColumns()]);

    /** {@code c += a b} for one tile; see {@link #multiply}. */
    final void multiplyAdd(
            int depth, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cStride) {
        float[] product = tile.get();
        multiply(depth, a, aAt, b, bAt, product, 0, tileColumns());
        addTile(product, c, cAt, cStride);
    }

    /**
     * {@code to[i, k] = from[i, k]}: a strip of a matrix, packed.
     *
     * @param from [rows, tileColumns] from {@code fromAt}, rows {@code stride} apart; the array has
     *     as many columns also where fewer are taken
     * @param to [rows, width] from {@code at}; up to tileColumns elements behind it are lost
     */
    abstract void strip(
            float[] from, int fromAt, int stride, int rows, int width, float[] to, int at);

    /** bfloat16 as float32. */
    abstract void widen(short[] from, int fromAt, float[] to, int at, int count);

    /** See {@link BlockFormat.Expansion}. */
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
        for (int i = 0; i < count; i++) {
            float level = (bytes[from + i] >> shift & mask) + bias;
            target[at + i] = scale * level + offset;
        }
    }

    /** Partial sums of a dot product in {@link #dots}. */
    abstract int lanes();

    /**
     * Adds products to the partial sums of {@link #DOT_ROWS} x {@link #DOT_COLUMNS} dot products;
     * element k goes to lane {@code k % lanes}.
     *
     * @param count elements, a multiple of lanes
     * @param a [DOT_ROWS, count] from {@code aAt}, rows {@code aStride} apart
     * @param b [DOT_COLUMNS, count] from {@code bAt}, rows {@code bStride} apart
     * @param sums [DOT_ROWS, DOT_COLUMNS, lanes] from {@code at}
     */
    abstract void dots(
            int count,
            float[] a,
            int aAt,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at);

    /** The same with a of bfloat16 from element 0. */
    abstract void dots(
            int count,
            short[] a,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at);

    /** The sum of partial sums, by halves. */
    final float total(float[] sums, int at) {
        for (int half = lanes() / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                sums[i] += sums[i + half];
            }
        }
        return sums[at];
    }

    /**
     * One block of the online softmax (Milakov and Gimelshein, arXiv 1805.02867), C = tileColumns
     * queries side by side. Turns scores into {@code exp(score - max)} in place and updates the
     * running maximum and sum of each query.
     *
     * @param scores [keys, C]
     * @param state from {@code stateAt}: max [C], sum [C], out: the factor [C] by which older
     *     results must shrink, and room [C]
     */
    abstract void softmaxBlock(float[] scores, int keys, float[] state, int stateAt);

    /**
     * The softmax of one panel again, and its gradient, in place: with C = tileColumns keys side by
     * side, {@code p = exp(score - lse)} and {@code dScore = p (dP - rowDot)}.
     *
     * @param scores [rows, C] from {@code at}, becomes p
     * @param gradients [rows, C] from {@code at}, dP, becomes dScore
     * @param lse log-sum-exp of each row, from {@code rowAt}; infinity where p is to be 0
     * @param rowDots from {@code rowAt}
     */
    abstract void softmaxGradient(
            float[] scores,
            float[] gradients,
            int at,
            int rows,
            float[] lse,
            float[] rowDots,
            int rowAt);

    /**
     * Multiplies each row of {@code x} [rows, C] from {@code at} by {@code factors} [C] from {@code
     * factorsAt}.
     */
    abstract void scaleRows(float[] x, int at, int rows, float[] factors, int factorsAt);

    /** Sum of {@code x[at .. at + count)}. */
    abstract float sum(float[] x, int at, int count);

    /** Sum of products of {@code a[aAt ..]} and {@code b[bAt ..]}, {@code count} of them. */
    abstract float dot(float[] a, int aAt, float[] b, int bAt, int count);

    /** Sum of squares of {@code x[at .. at + count) - mean}. */
    abstract float sumSquares(float[] x, int at, int count, float mean);

    /** Applies one of the sigmoid-shaped activations (GELU_TANH, QUICK_GELU, SILU) in place. */
    abstract void sigmoidActivation(Activation activation, float[] x, int at, int count);

    /** {@code y *= act'(x)} for the same activations. */
    abstract void multiplySigmoidSlope(
            Activation activation, float[] x, int xAt, float[] y, int yAt, int count);

    /**
     * Turns {@code count} pairs of neighbours {@code (a, b)} by their angles: {@code (a cos - b
     * sin, b cos + a sin)}, in place.
     */
    abstract void rotatePairs(
            float[] x, int at, float[] cos, int cosAt, float[] sin, int sinAt, int count);

    /** The same where b stands {@code count} elements behind its a. */
    abstract void rotateHalves(
            float[] x, int at, float[] cos, int cosAt, float[] sin, int sinAt, int count);

    /** Pairs {@code [j, count)} one by one, {@code step} apart, b {@code gap} behind a. */
    static void rotate(
            float[] x,
            int at,
            int step,
            int gap,
            float[] cos,
            int cosAt,
            float[] sin,
            int sinAt,
            int first,
            int count) {
        for (int j = first; j < count; j++) {
            int i = at + step * j;
            float a = x[i];
            float b = x[i + gap];
            x[i] = a * cos[cosAt + j] - b * sin[sinAt + j];
            x[i + gap] = b * cos[cosAt + j] + a * sin[sinAt + j];
        }
    }

    private static Simd choose() {
        Logger log = LoggerFactory.getLogger(Simd.class);
        if (VectorSupport.isTurnedOff()) {
            log.info("CPU kernels: plain Java, because glance.simd=off");
            return new PlainSimd();
        }
        if (!VectorSupport.hasModule()) {
            log.warn(
                    "CPU kernels: plain Java, several times slower than SIMD; start java with"
                            + " --add-modules jdk.incubator.vector");
            return new PlainSimd();
        }
        String problem = VectorSupport.compilerProblem();
        if (problem != null) {
            log.warn(
                    "CPU kernels: plain Java, several times slower than SIMD: {}; start java"
                            + " without the option that does this",
                    problem);
            return new PlainSimd();
        }
        Simd vector = new VectorSimd();
        log.debug("CPU kernels: {}", vector.description());
        return vector;
    }
}
