package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.backend.KernelTable;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.backend.cuda.driver.Gemm;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What libraries compute, and how they are called, on the emulated device. */
class LibrariesTest {
    private static final Map<String, String> BOTH = Map.of("linear", "cublas", "conv2d", "cudnn");

    private EmulatedDriver driver;
    private CudaMemory memory;
    private Libraries libraries;
    private long stream;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        driver = new EmulatedDriver();
        stream = driver.createStream();
        memory = new CudaMemory(driver, stream, DType.BF16);
        libraries = Libraries.open(driver, stream, BOTH);
    }

    @AfterEach
    void close() {
        if (driver != null) {
            libraries.close();
            memory.close();
            driver.close();
        }
    }

    private Launcher launcher(DType computeType) {
        return new Launcher(driver, stream, memory, computeType, libraries);
    }

    private Tensor tensor(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return Tensor.contiguous(memory.allocate(dtype, shape.numel()), dtype, shape);
    }

    private Tensor filled(float value, int... dims) {
        Tensor tensor = tensor(DType.F32, dims);
        fill(tensor, value);
        return tensor;
    }

    private void fill(Tensor tensor, float value) {
        int count = (int) tensor.numel();
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putFloat(value);
        }
        memory.write(bytes.flip(), tensor);
    }

    private float first(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * (int) tensor.numel());
        memory.read(tensor, bytes.order(ByteOrder.LITTLE_ENDIAN));
        return bytes.getFloat(0);
    }

    private static Op.Conv2d conv2d(Tensor x, Op.Padding padding) {
        return new Op.Conv2d(x, x, null, 1, padding, null, x);
    }

    private String variant(DType computeType, Map<String, String> chosen, Op op) {
        KernelTable table = new KernelTable();
        Launcher launcher = launcher(computeType);
        new CudaVariants(chosen).addTo(table, launcher, new SumKernels(launcher));
        return table.variant(op);
    }

    private Op.Linear linear(Tensor x) {
        Tensor out = tensor(x.dtype(), x.dim(0), x.dim(1), 2);
        Tensor weight = tensor(x.dtype(), 2, x.dim(2));
        return new Op.Linear(x, weight, null, null, Epilogue.none(), out);
    }

    @Test
    void products_areTheLibrarys_whateverTheSize() {
        for (int rows : new int[] {1, 5, 100}) {
            Op.Linear op = linear(tensor(DType.BF16, 2, rows, 65));
            assertThat(variant(DType.BF16, BOTH, op)).isEqualTo("cublas");
        }
    }

    @Test
    void unevenPadding_isOurs() {
        Tensor x = tensor(DType.BF16, 1, 8, 8, 8);
        assertThat(variant(DType.BF16, BOTH, conv2d(x, Op.Padding.all(1)))).isEqualTo("cudnn");
        assertThat(variant(DType.BF16, BOTH, conv2d(x, new Op.Padding(1, 0, 1, 0))))
                .isEqualTo("cudnn");
        assertThat(variant(DType.BF16, BOTH, conv2d(x, new Op.Padding(0, 0, 1, 1))))
                .isEqualTo("mma");
    }

    @Test
    void librariesThatWereNotChosen_areNotOpened() {
        try (Libraries none = Libraries.open(driver, stream, Map.of("linear", "mma"))) {
            assertThat(none.gemm()).isNull();
            assertThat(none.convolution()).isNull();
        }
        Op.Linear op = linear(tensor(DType.F32, 1, 100, 8));
        assertThat(variant(DType.F32, Map.of(), op)).isEqualTo("plain");
    }

    @Test
    void productInAGraph_readsItsArgumentsWhenReplayed() {
        Tensor x = filled(1, 1, 3, 4);
        Tensor out = tensor(DType.F32, 1, 3, 2);
        Op.Linear op =
                new Op.Linear(x, filled(0.5f, 2, 4), filled(10, 2), null, Epilogue.none(), out);
        LinearCublas kernel = new LinearCublas(launcher(DType.F32));
        kernel.run(op); // loads its code, which a capture must not
        driver.beginCapture(stream);
        kernel.run(op);
        long graph = driver.endCapture(stream);
        fill(out, 0);
        driver.launchGraph(graph, stream);
        assertThat(first(out)).isEqualTo(12);
        fill(x, 3);
        driver.launchGraph(graph, stream);
        assertThat(first(out)).isEqualTo(16);
        driver.destroyGraph(graph);
    }

    @Test
    void emulatedGemm_refusesWhatCublasWould() {
        Tensor matrix = filled(1, 4, 4);
        long address = Launcher.address(matrix);
        Gemm.Matrix whole = new Gemm.Matrix(address, 4, false);
        Gemm.Matrix narrow = new Gemm.Matrix(address, 3, false);
        assertThatThrownBy(() -> multiply(narrow, whole, 4))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("lda is 3, a column has 4 elements");
        assertThatThrownBy(() -> multiply(whole, narrow, 4))
                .hasMessageContaining("ldb is 3, a column has 4 elements");
        assertThatThrownBy(() -> multiply(whole, whole, 3))
                .hasMessageContaining("ldc is 3, a column has 4 elements");
        assertThatThrownBy(() -> multiply(whole, new Gemm.Matrix(address, 5, false), 4))
                .hasMessageContaining("reads 4 bytes of global memory at offset 64");
    }

    private void multiply(Gemm.Matrix a, Gemm.Matrix b, int ldc) {
        Tensor out = tensor(DType.F32, 4, 4);
        libraries
                .gemm()
                .multiply(
                        new Gemm.Product(
                                DType.F32, 4, 4, 4, 1, a, b, 0, Launcher.address(out), ldc));
    }
}
