package glance.roofline;

import glance.backend.Device;
import glance.backend.MathLibrary;
import glance.cases.Cost;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The best rates of a device: of products, the fastest that was measured, unless its peak was
 * named; of bytes, a copy within its memory, read and written counted.
 *
 * @param teraFlops TFLOP/s of products
 * @param source of {@code teraFlops}
 * @param gigaBytes GB/s
 * @param queues whether the device works on its own while the host goes on
 */
public record Ceiling(double teraFlops, String source, double gigaBytes, boolean queues) {
    private static final String NAMED = "as named";
    private static final int SIDE = 8192;
    private static final long COPY_BYTES = 512L << 20;
    private static final long LEAST_COPY = 1024;

    /** Also brings the JVM up to speed, on a device that is one. */
    private static final int LEAST_ROUNDS = 15;

    /** A host that is busy this share of the time does not run ahead. */
    private static final double BUSY = 0.9;

    static Ceiling measure(Device device, Rivals rivals, BenchSettings settings) {
        double bytes = copyRate(device, settings);
        Race.Result ours = product(device, settings);
        boolean queues = ours.queueMicros() < BUSY * Spread.of(ours.micros()).median();
        if (settings.peakTeraFlops() > 0) {
            return new Ceiling(settings.peakTeraFlops(), NAMED, bytes, queues);
        }
        double best = ours.best();
        Device library =
                rivals.device(MathLibrary.CUBLAS.operation(), MathLibrary.CUBLAS.variant());
        if (library != null) {
            best = Math.min(best, product(library, settings).best());
        }
        double flop = 2 * Math.pow(settings.scale().width(SIDE), 3);
        return new Ceiling(flop / best * 1e-6, "a large product", bytes, queues);
    }

    /** This, or the best product among these where it is better. */
    Ceiling over(List<Measurement> measured) {
        if (source.equals(NAMED)) {
            return this;
        }
        Ceiling best = this;
        for (Measurement found : measured) {
            if (found.teraFlops() > best.teraFlops) {
                best = new Ceiling(found.teraFlops(), found.kernel().name(), gigaBytes, queues);
            }
        }
        return best;
    }

    /** The least time for some work. */
    public Floor floor(Cost cost) {
        double arithmetic = cost.flop() / teraFlops * 1e-6;
        double memory = cost.bytes() / gigaBytes * 1e-3;
        return arithmetic > memory
                ? new Floor(arithmetic, "arithmetic")
                : new Floor(memory, "memory");
    }

    /** Whether a kernel ran no faster than the host could queue it. */
    boolean isQueueBound(Timing timing) {
        return queues && timing.queueMicros() > BUSY * timing.micros().median();
    }

    private static Race.Result product(Device device, BenchSettings settings) {
        int side = settings.scale().width(SIDE);
        KernelCase product = LinearCases.plain(LinearCases.product(side, side, side));
        try (Contender contender = new Contender(device, product, settings.scale(), false)) {
            int rounds = Math.max(LEAST_ROUNDS, settings.rounds());
            return Race.run(List.of(contender), rounds).get(0);
        }
    }

    private static double copyRate(Device device, BenchSettings settings) {
        int shrink = settings.scale().shrink();
        int numel = (int) Math.max(LEAST_COPY, COPY_BYTES / Float.BYTES / shrink / shrink);
        Tensor source = zeros(device, numel);
        Tensor target = zeros(device, numel);
        long best = Long.MAX_VALUE;
        for (int i = 0; i <= settings.rounds(); i++) {
            best = Math.min(best, device.elapsedNanos(() -> device.memory().copy(source, target)));
        }
        source.storage().release();
        target.storage().release();
        return 2.0 * numel * Float.BYTES / best;
    }

    private static Tensor zeros(Device device, int numel) {
        Tensor tensor =
                Tensor.contiguous(
                        device.memory().allocate(DType.F32, numel), DType.F32, Shape.of(numel));
        device.memory().write(ByteBuffer.allocateDirect(numel * Float.BYTES), tensor);
        return tensor;
    }
}
