package glance.bench;

import java.util.concurrent.TimeUnit;
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

/**
 * Both sides of a row of the report on the CPU, verified before timing. Each side runs in a process
 * of its own, so neither sees the other's waiting threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx4g"})
public class CpuBenchmark {
    /** The key of a row in cpu.json. */
    @Param({
        "gemm-4096x3072x3072-f32",
        "adapter-4096x3072x3072",
        "attention",
        "norm-modulate",
        "head-norm-rope",
        "block-f32"
    })
    public String workload;

    /** Divides the number of tokens, for a trial; keys have the number that is left. */
    @Param("1")
    public int shrink;

    private Workload open;

    @Setup(Level.Trial)
    public void verify() {
        open = Workloads.open(workload, shrink);
        open.verify();
    }

    @TearDown(Level.Trial)
    public void close() {
        if (open != null) {
            open.close();
        }
    }

    @Benchmark
    public void engine() {
        open.engine();
    }

    @Benchmark
    public void peer() {
        open.peer();
    }
}
