package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.backend.KernelTable;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernel computes what. The emulated GPU has 4 multiprocessors. */
class LinearVariantsTest {
    private EmulatedGpu gpu;

    @BeforeEach
    void open() {
        gpu = EmulatedGpu.open();
    }

    @AfterEach
    void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    private KernelTable kernels(DType computeType, Map<String, String> chosen) {
        KernelTable table = new KernelTable();
        Launcher launcher = gpu.launcher(computeType);
        new CudaVariants(chosen).addTo(table, launcher, new SumKernels(launcher));
        return table;
    }

    private Op.Linear linear(Tensor x) {
        Tensor weight = gpu.tensor(x.dtype(), 8, x.dim(2));
        Tensor out = gpu.tensor(x.dtype(), x.dim(0), x.dim(1), 8);
        return new Op.Linear(x, weight, null, null, Epilogue.none(), out);
    }

    @ParameterizedTest
    @CsvSource({"4, 64, rows", "5, 64, mma", "5, 8, mma", "5, 12, plain", "5, 65, plain"})
    void bf16_takesTensorCoresForMoreThanAFewRowsOfWholeChunks(int rows, int in, String expected) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, in);
        assertThat(kernels(DType.BF16, Map.of()).variant(linear(x))).isEqualTo(expected);
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor x = gpu.tensor(DType.F32, 1, 100, 64);
        assertThat(kernels(DType.F32, Map.of()).variant(linear(x))).isEqualTo("plain");
    }

    @Test
    void misalignedColumns_takePlainArithmetic() {
        Tensor wide = gpu.tensor(DType.BF16, 1, 100, 72);
        KernelTable kernels = kernels(DType.BF16, Map.of());
        assertThat(kernels.variant(linear(wide.narrow(2, 8, 64)))).isEqualTo("mma");
        assertThat(kernels.variant(linear(wide.narrow(2, 4, 64)))).isEqualTo("plain");
    }

    @Test
    void chosenVariant_computesWhateverItTakes() {
        KernelTable plain = kernels(DType.BF16, Map.of("linear", "plain"));
        assertThat(plain.variant(linear(gpu.tensor(DType.BF16, 1, 100, 64)))).isEqualTo("plain");
        assertThat(plain.variant(linear(gpu.tensor(DType.BF16, 1, 2, 64)))).isEqualTo("plain");
        KernelTable mma = kernels(DType.BF16, Map.of("linear", "mma"));
        assertThat(mma.variant(linear(gpu.tensor(DType.BF16, 1, 2, 64)))).isEqualTo("mma");
        assertThat(mma.variant(linear(gpu.tensor(DType.BF16, 1, 100, 65)))).isEqualTo("plain");
    }

    @Test
    void unknownChoices_areRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> kernels(DType.BF16, Map.of("linear", "wgmma")))
                .isInstanceOf(DeviceException.class)
                .hasMessage("linear has no variant 'wgmma'; it has rows, mma, plain, cublas");
        assertThatThrownBy(() -> kernels(DType.BF16, Map.of("lora", "mma")))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "no operation 'lora' has variants; those that have are attention,"
                                + " attention_grad, conv2d, linear, linear_grad");
    }

    @ParameterizedTest
    @CsvSource({"130, 136, 128", "128, 385, 128", "128, 384, 64", "10000, 64, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int rows, int columns, int expected) {
        MmaTile tile = MmaTile.fitting(gpu.launcher(DType.BF16), "linear_mma", rows, columns);
        assertThat(tile.size()).isEqualTo(expected);
    }
}
