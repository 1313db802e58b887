package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What GPUs take by compute capability and driver; driver 0 is the emulated one's. */
class GpuTest {
    private static Gpu gpu(int computeCapability, int driver) {
        return new Gpu("a GPU", computeCapability, 100, 1L << 34, 101_376, driver);
    }

    @ParameterizedTest
    @CsvSource({
        "80, 13000, false",
        "86, 13000, false",
        "89, 13000, true",
        "89, 12090, false",
        "90, 13000, false",
        "90, 0, true",
        "100, 13000, false",
        "120, 13000, true",
        "121, 13010, true",
        "120, 12080, false"
    })
    void e4m3_isMultipliedWhereMmaSyncDoes_andMachineCodeIsTaken(
            int computeCapability, int driver, boolean multiplies) {
        assertThat(gpu(computeCapability, driver).multipliesE4M3()).isEqualTo(multiplies);
    }

    @ParameterizedTest
    @CsvSource({"90, 13000, true", "90, 12090, false", "90, 0, true", "89, 13000, false"})
    void hoppersKernels_runOnHopperWithADriverOfCuda13(
            int computeCapability, int driver, boolean runs) {
        assertThat(gpu(computeCapability, driver).runsHopperKernels()).isEqualTo(runs);
    }
}
