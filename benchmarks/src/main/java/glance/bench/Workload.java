package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.cases.Cost;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;

/** One thing that the engine and PyTorch both do, on the same inputs. */
abstract class Workload implements AutoCloseable {
    /** Both sides use as many: the bars are stated for two cores. */
    static final int THREADS = 2;

    /**
     * Two float32 implementations that sum in different orders: one rounding of 2^-24 for each of
     * at most 3,072 terms, adding up at random. The plain kernels differ by at most 5e-7.
     */
    private static final double TOLERANCE = Math.sqrt(3072) * 0x1p-24;

    protected final Glance glance = new Glance(THREADS);
    protected final Torch torch = new Torch(THREADS);
    protected final Values values = new Values();

    private final String name;
    private final Cost cost;

    Workload(String name, Cost cost) {
        this.name = name;
        this.cost = cost;
    }

    final String name() {
        return name;
    }

    final Cost cost() {
        return cost;
    }

    /** The engine's side; the result lives in the innermost scope. */
    protected abstract Tensor compute(Ops ops);

    /** PyTorch's side. */
    protected abstract IValue computePeer();

    /** Runs the engine once. */
    final void engine() {
        try (Scope scope = glance.ops().scope()) {
            compute(glance.ops());
            glance.ops().device().synchronize();
        }
    }

    /** Runs PyTorch once. */
    final void peer() {
        computePeer().close();
    }

    /**
     * Compares the two results.
     *
     * @return the relative error
     * @throws IllegalStateException if it is above the tolerance
     */
    final double verify() {
        float[] expected;
        try (IValue result = computePeer()) {
            expected = torch.values(result);
        }
        float[] got = new float[expected.length];
        try (Scope scope = glance.ops().scope()) {
            FloatBuffer result = glance.ops().host().floats(compute(glance.ops()));
            if (result.remaining() != got.length) {
                throw new IllegalStateException(
                        name
                                + ": the engine gives "
                                + result.remaining()
                                + " values, PyTorch "
                                + got.length);
            }
            result.get(got);
        }
        double error = Values.relativeError(got, expected);
        if (!(error <= TOLERANCE)) {
            throw new IllegalStateException(
                    name
                            + ": the engine and PyTorch differ by "
                            + error
                            + ", at most "
                            + TOLERANCE
                            + " is rounding");
        }
        return error;
    }

    @Override
    public final void close() {
        glance.close();
        torch.close();
    }
}
