package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.cases.Call;
import glance.cases.Case;
import glance.cases.Cost;
import java.nio.FloatBuffer;

/** A case that the engine and PyTorch both run, on the same arguments. */
final class Workload implements AutoCloseable {
    /** Both sides use as many: the bars are stated for two cores. */
    static final int THREADS = 2;

    /**
     * Two float32 implementations that sum in different orders: one rounding of 2^-24 for each of
     * at most 3,072 terms, adding up at random. The plain kernels differ by at most 5e-7.
     */
    private static final double TOLERANCE = Math.sqrt(3072) * 0x1p-24;

    /** bf16 rounds inputs and results to 8 bits. */
    private static final double HALF_TOLERANCE = 0x1p-7;

    private final String name;
    private final boolean half;
    private final Glance glance = new Glance(THREADS);
    private final Torch torch = new Torch(THREADS);
    private final Call call;
    private final PeerCall peer;

    Workload(Workloads.Row row) {
        Case of = row.of();
        name = of.name();
        half = row.halfPeer();
        call = new Call(glance.ops().device(), of);
        peer = new PeerCall(torch, call, half);
    }

    String name() {
        return name;
    }

    Cost cost() {
        return call.cost();
    }

    /** Runs the engine once. */
    void engine() {
        call.run();
        glance.ops().device().synchronize();
    }

    /** Runs PyTorch once. */
    void peer() {
        peer.run().close();
    }

    /**
     * Compares the two results.
     *
     * @return the relative error
     * @throws IllegalStateException if it is above the tolerance
     */
    double verify() {
        float[] expected;
        try (IValue result = peer.run()) {
            expected = torch.values(result);
        }
        FloatBuffer got = glance.ops().host().floats(call.results().get(0));
        if (got.remaining() != expected.length) {
            throw new IllegalStateException(
                    name
                            + ": the engine gives "
                            + got.remaining()
                            + " values, PyTorch "
                            + expected.length);
        }
        double error = relativeError(got, expected);
        double most = half ? HALF_TOLERANCE : TOLERANCE;
        if (!(error <= most)) {
            throw new IllegalStateException(
                    name
                            + ": the engine and PyTorch differ by "
                            + error
                            + ", at most "
                            + most
                            + " is rounding");
        }
        return error;
    }

    /** In the Euclidean norm. */
    private static double relativeError(FloatBuffer got, float[] expected) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = (double) got.get(i) - expected[i];
            difference += d * d;
            size += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / size);
    }

    @Override
    public void close() {
        call.close();
        glance.close();
        torch.close();
    }
}
