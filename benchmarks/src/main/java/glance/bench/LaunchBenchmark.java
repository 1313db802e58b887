package glance.bench;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.cuda.CudaProvider;
import glance.backend.cuda.driver.Driver;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
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
 * What the host does for an operation on the CUDA device, from the operation to the driver, where
 * the driver does nothing; no GPU is needed. Read the median (p0.50), which other processes disturb
 * least. With {@code -prof gc} also what it allocates.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx1g"})
public class LaunchBenchmark {
    /**
     * engine: a driver in Java that does nothing. jcuda: NVIDIA's driver as JCuda sees it, on a
     * libcuda.so.1 that does nothing, so that the conversions of the binding count too.
     */
    @Param({"engine", "jcuda"})
    public String driver;

    private Device device;
    private Op.Unary unary;
    private Op.Linear linear;
    private Op.Linear adapted;

    @Setup(Level.Trial)
    public void open() {
        Driver idle = driver.equals("jcuda") ? IdleCuda.open() : new IdleDriver();
        device =
                CudaProvider.on(
                        new DeviceInfo("cuda:0", "idle", 0, null),
                        idle,
                        new DeviceOptions(0, Precision.BF16));
        Tensor x = tensor(DType.BF16, 1, 1024, 512);
        Tensor out = tensor(DType.BF16, 1, 1024, 512);
        unary = new Op.Unary(Activation.SILU, x, out);
        Tensor weight = tensor(DType.BF16, 512, 512);
        Tensor bias = tensor(DType.F32, 512);
        Tensor gate = tensor(DType.BF16, 1, 512);
        Epilogue epilogue = new Epilogue(Activation.NONE, gate, x);
        linear = new Op.Linear(x, weight, bias, null, epilogue, out);
        LowRank lora = new LowRank(tensor(DType.BF16, 32, 512), tensor(DType.BF16, 512, 32), 0.5f);
        adapted = new Op.Linear(x, weight, bias, lora, epilogue, out);
    }

    private Tensor tensor(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return Tensor.contiguous(device.memory().allocate(dtype, shape.numel()), dtype, shape);
    }

    @TearDown(Level.Trial)
    public void close() {
        device.close();
    }

    /** One launch, 4 arguments. */
    @Benchmark
    public void unary() {
        device.kernels().run(unary);
    }

    /** One launch, 17 arguments. */
    @Benchmark
    public void linear() {
        device.kernels().run(linear);
    }

    /** Two launches, with scratch between them. */
    @Benchmark
    public void adapted() {
        device.kernels().run(adapted);
    }
}
