package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.backend.cuda.driver.EmulatedDriver;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernel computes what. The emulated GPU has 4 multiprocessors. */
class LinearVariantTest {
    private EmulatedDriver driver;
    private CudaMemory memory;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        driver = new EmulatedDriver();
        memory = new CudaMemory(driver, 0, DType.BF16);
    }

    @AfterEach
    void close() {
        if (driver != null) {
            memory.close();
            driver.close();
        }
    }

    private Launcher launcher(DType computeType) {
        return new Launcher(driver, 0, memory, computeType, Libraries.none(driver));
    }

    private Tensor x(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return Tensor.contiguous(memory.allocate(dtype, shape.numel()), dtype, shape);
    }

    @ParameterizedTest
    @CsvSource({"4, 64, ROWS", "5, 64, MMA", "5, 8, MMA", "5, 12, PLAIN", "5, 65, PLAIN"})
    void bf16_takesTensorCoresForMoreThanAFewRowsOfWholeChunks(
            int rows, int in, LinearVariant expected) {
        Tensor x = x(DType.BF16, 1, rows, in);
        assertThat(LinearVariant.of(launcher(DType.BF16), x)).isEqualTo(expected);
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor x = x(DType.F32, 1, 100, 64);
        assertThat(LinearVariant.of(launcher(DType.F32), x)).isEqualTo(LinearVariant.PLAIN);
    }

    @Test
    void misalignedColumns_takePlainArithmetic() {
        Tensor wide = x(DType.BF16, 1, 100, 72);
        Launcher launcher = launcher(DType.BF16);
        assertThat(LinearVariant.of(launcher, wide.narrow(2, 8, 64))).isEqualTo(LinearVariant.MMA);
        assertThat(LinearVariant.of(launcher, wide.narrow(2, 4, 64)))
                .isEqualTo(LinearVariant.PLAIN);
    }

    @ParameterizedTest
    @CsvSource({"130, 136, 128", "128, 385, 128", "128, 384, 64", "10000, 64, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int rows, int columns, int expected) {
        MmaTile tile = MmaTile.fitting(launcher(DType.BF16), "linear_mma", rows, columns);
        assertThat(tile.size()).isEqualTo(expected);
    }
}
