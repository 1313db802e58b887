package glance.roofline;

import glance.api.RequestException;
import glance.backend.Device;
import glance.cases.Accuracy;
import glance.cases.Call;
import glance.cases.Cost;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One side of a race: a call on a device, with as many sets of arguments as it takes that none is
 * still in a cache when its turn comes again.
 */
public final class Contender implements AutoCloseable {
    /** Several times the second-level cache of the largest GPUs (50 MB on H100 and H200). */
    private static final long ROTATION_BYTES = 256L << 20;

    private static final int MOST_SETS = 8;
    private static final long WARM_UP_NANOS = 50_000_000;
    private static final int WARM_UP_RUNS = 50;

    /** A sample is long against the clock's step (half a microsecond) and the wait for its end. */
    private static final double SAMPLE_NANOS = 2e6;

    private static final int MOST_RUNS = 200;

    private final Device device;
    private final List<Call> calls = new ArrayList<>();
    private final Cost cost;
    private int next;
    private int runs = 1;

    /**
     * Makes the arguments of one kernel of the table.
     *
     * @param name as {@code bench kernels --list} prints it, at full size or at this scale
     * @throws RequestException if no kernel is called so
     */
    public static Contender open(Device device, String name, Scale scale) {
        return new Contender(device, KernelCases.named(name, scale), scale, false);
    }

    /**
     * Makes the arguments.
     *
     * @param oneSet whether there will be no race
     */
    Contender(Device device, KernelCase kernel, Scale scale, boolean oneSet) {
        this.device = device;
        try {
            calls.add(new Call(device, kernel.of()));
            cost = calls.get(0).cost();
            long rotation = ROTATION_BYTES / scale.shrink() / scale.shrink();
            long sets = Math.min(MOST_SETS, 1 + rotation / Math.max(1, calls.get(0).bytes()));
            while (!oneSet && calls.size() < sets) {
                calls.add(new Call(device, kernel.of()));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What one run cannot avoid. */
    Cost cost() {
        return cost;
    }

    /** What computes it, where there are several ways; otherwise null. */
    public String variant() {
        List<String> variants =
                calls.get(0).ops().stream()
                        .map(device.kernels()::variant)
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList();
        return variants.isEmpty() ? null : String.join("+", variants);
    }

    /** Compares the results of the first set; before any other run. */
    public Accuracy verify() {
        return calls.get(0).verify();
    }

    /** Brings code and clocks up to speed, and finds out how many runs make a sample. */
    void warmUp() {
        long start = System.nanoTime();
        double best = Double.MAX_VALUE;
        for (int i = 0; i < WARM_UP_RUNS; i++) {
            best = Math.min(best, nanos());
            if (System.nanoTime() - start > WARM_UP_NANOS) {
                break;
            }
        }
        runs = (int) Math.max(1, Math.min(MOST_RUNS, Math.ceil(SAMPLE_NANOS / best)));
    }

    /**
     * One measurement.
     *
     * @param micros of a run, by the device's clock
     * @param queueMicros of a run, that the host needs to queue it
     */
    record Sample(double micros, double queueMicros) {}

    Sample sample() {
        long[] queue = new long[1];
        long nanos =
                device.elapsedNanos(
                        () -> {
                            long start = System.nanoTime();
                            for (int i = 0; i < runs; i++) {
                                run();
                            }
                            queue[0] = System.nanoTime() - start;
                        });
        return new Sample(nanos * 1e-3 / runs, queue[0] * 1e-3 / runs);
    }

    /** One run, by the device's clock. */
    public long nanos() {
        return device.elapsedNanos(this::run);
    }

    private void run() {
        calls.get(next++ % calls.size()).run();
    }

    @Override
    public void close() {
        calls.forEach(Call::close);
    }
}
