package glance.backend.cpu;

import glance.op.Activation;
import java.util.function.BooleanSupplier;

/**
 * Runs the inner loops on made-up numbers until the JIT has compiled them, or for a second. Before
 * that an operation on a vector is a call that makes an object, hundreds of times slower; the first
 * picture of a small model would spend most of its time there.
 */
final class WarmUp {
    private static final long LIMIT_NANOS = 1_000_000_000;
    private static final int DEPTH = 32;

    /** With a rest that fills no vector. */
    private static final int COUNT = 16 * DEPTH - 3;

    /** Calls in a row without a slow one: the garbage collector or another process is one. */
    private static final int ROW = 3;

    /** Compiled loops take a microsecond or two, others hundreds. */
    private static final long FAST_NANOS = 15_000;

    private final Simd simd;
    private final float[] left;
    private final float[] right;
    private final float[] tile;
    private final float[] state;
    private final float[] values = new float[COUNT];
    private final BooleanSupplier stopped;

    WarmUp(Simd simd) {
        this(simd, deadline());
    }

    WarmUp(Simd simd, BooleanSupplier stopped) {
        this.simd = simd;
        this.stopped = stopped;
        left = new float[simd.tileRows() * DEPTH];
        right = new float[simd.tileColumns() * DEPTH];
        tile = new float[simd.tileRows() * simd.tileColumns()];
        state = new float[4 * simd.tileColumns()];
    }

    private static BooleanSupplier deadline() {
        long start = System.nanoTime();
        return () -> System.nanoTime() - start > LIMIT_NANOS;
    }

    /** Those that a text encoder needs first come first. */
    void run() {
        int columns = simd.tileColumns();
        short[] halves = new short[Simd.DOT_ROWS * DEPTH];
        repeat(() -> simd.multiplyAdd(DEPTH, left, 0, right, 0, tile, 0, columns));
        repeat(() -> simd.dots(DEPTH, left, 0, DEPTH, right, 0, DEPTH, values, 0));
        repeat(() -> simd.dots(DEPTH, halves, DEPTH, right, 0, DEPTH, values, 0));
        repeat(() -> simd.widen(halves, 0, values, 0, halves.length));
        repeat(() -> simd.softmaxBlock(right, DEPTH, state, 0));
        repeat(() -> simd.scaleRows(right, 0, DEPTH, state, 2 * columns));
        repeat(() -> simd.sigmoidActivation(Activation.SILU, values, 0, COUNT));
        repeat(() -> simd.sumSquares(values, 0, COUNT, 0));
        repeat(() -> simd.sum(values, 0, COUNT));
        repeat(() -> simd.dot(values, 0, values, 0, COUNT));
        repeat(() -> simd.sigmoidActivation(Activation.GELU_TANH, values, 0, COUNT));
    }

    private void repeat(Runnable loop) {
        int fast = 0;
        while (fast < ROW && !stopped.getAsBoolean()) {
            long start = System.nanoTime();
            loop.run();
            fast = System.nanoTime() - start < FAST_NANOS ? fast + 1 : 0;
        }
    }
}
