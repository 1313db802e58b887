package glance.bench;

import glance.api.DeviceOptions;
import glance.api.RequestException;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cases.Accuracy;
import glance.roofline.Contender;
import glance.roofline.Scale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * One kernel of {@code bench kernels} on any device, verified before it is timed. The score is the
 * host's time from the call to the end of the work; {@code deviceMicros} is the mean by the
 * device's own clock.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 50)
@Measurement(iterations = 50)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx8g"})
public class KernelBenchmark {
    private static final String EMULATED = "cuda-emulated";

    /** As {@code bench kernels --list} prints it. */
    @Param("linear.plain.4160x3072x3072")
    public String kernel;

    @Param("cpu")
    public String device;

    /** OPERATION=NAME; empty for the device's own choice. */
    @Param("")
    public String variant;

    /** Divides all sizes, for a trial. */
    @Param("1")
    public int shrink;

    private Device opened;
    private Contender contender;

    /** What JMH prints beside its own time: the sum over all iterations of what they report. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class DeviceClock {
        private int iterations;
        private long nanos;

        @Setup(Level.Trial)
        public void count(BenchmarkParams params) {
            iterations = params.getMeasurement().getCount() * Math.max(1, params.getForks());
        }

        @Setup(Level.Iteration)
        public void reset() {
            nanos = 0;
        }

        public double deviceMicros() {
            return nanos * 1e-3 / iterations;
        }
    }

    @Setup(Level.Trial)
    public void open() {
        opened = Devices.open(device, options());
        if (opened.info().id().startsWith(EMULATED)) {
            System.out.println(EMULATED + " runs on the host: its times mean nothing.");
        }
        contender = Contender.open(opened, kernel, new Scale(shrink));
        if (contender.variant() != null) {
            System.out.println("computed by " + contender.variant());
        }
        Accuracy accuracy = contender.verify();
        if (!accuracy.passed()) {
            throw new IllegalStateException(kernel + ": " + accuracy.wrong());
        }
    }

    private DeviceOptions options() {
        DeviceOptions options = DeviceOptions.defaults();
        if (variant.isEmpty()) {
            return options;
        }
        String[] pair = variant.split("=", 2);
        if (pair.length < 2) {
            throw new RequestException(
                    "variant " + variant + ": expected OPERATION=NAME, such as linear=mma");
        }
        return options.variant(pair[0], pair[1]);
    }

    @TearDown(Level.Trial)
    public void close() {
        if (contender != null) {
            contender.close();
        }
        if (opened != null) {
            opened.close();
        }
    }

    @Benchmark
    public void run(DeviceClock clock) {
        clock.nanos += contender.nanos();
    }
}
