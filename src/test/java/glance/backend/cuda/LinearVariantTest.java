package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import glance.tensor.DType;
import glance.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernel computes what. The emulated GPU has 4 multiprocessors. */
class LinearVariantTest {
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

    @ParameterizedTest
    @CsvSource({"4, 64, ROWS", "5, 64, MMA", "5, 8, MMA", "5, 12, PLAIN", "5, 65, PLAIN"})
    void bf16_takesTensorCoresForMoreThanAFewRowsOfWholeChunks(
            int rows, int in, LinearVariant expected) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, in);
        assertThat(LinearVariant.of(gpu.launcher(DType.BF16), x)).isEqualTo(expected);
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor x = gpu.tensor(DType.F32, 1, 100, 64);
        assertThat(LinearVariant.of(gpu.launcher(DType.F32), x)).isEqualTo(LinearVariant.PLAIN);
    }

    @Test
    void misalignedColumns_takePlainArithmetic() {
        Tensor wide = gpu.tensor(DType.BF16, 1, 100, 72);
        Launcher launcher = gpu.launcher(DType.BF16);
        assertThat(LinearVariant.of(launcher, wide.narrow(2, 8, 64))).isEqualTo(LinearVariant.MMA);
        assertThat(LinearVariant.of(launcher, wide.narrow(2, 4, 64)))
                .isEqualTo(LinearVariant.PLAIN);
    }

    @ParameterizedTest
    @CsvSource({"130, 136, 128", "128, 385, 128", "128, 384, 64", "10000, 64, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int rows, int columns, int expected) {
        MmaTile tile = MmaTile.fitting(gpu.launcher(DType.BF16), "linear_mma", rows, columns);
        assertThat(tile.size()).isEqualTo(expected);
    }
}
