package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.backend.Device;
import glance.backend.DeviceOptions;
import glance.backend.Devices;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.check.CheckReport;
import glance.check.Checks;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.ops.Ops;
import glance.pipeline.Guidance;
import glance.pipeline.ImageRequest;
import glance.pipeline.RunListener;
import glance.schedule.Plans;
import glance.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole models on the CUDA kernels, without a GPU. */
class EmulatedModelTest {
    private static final DeviceOptions F32 = new DeviceOptions(0, DType.F32);
    private static final DeviceOptions BF16 = new DeviceOptions(0, DType.BF16);

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "clip-text",
                "t5-encoder",
                "qwen2_5_vl-text",
                "qwenimage-transformer",
                "qwenimage-adapter-names",
                "flux-transformer",
                "flux-adapter-names",
                "sd3-transformer",
                "dit-transformer",
                "autoencoder-kl",
                "autoencoder-kl-qwenimage"
            })
    void component_equalsItsReference(String name) {
        try (Device device = Devices.open("cuda-emulated", F32);
                Ops ops = new Ops(device)) {
            CheckReport report = Checks.run(Fixture.folder(name), ops);
            assertThat(report.rows()).isNotEmpty().allMatch(CheckReport.Row::passed);
        }
    }

    /** Measured: no difference. */
    @Test
    void picture_inF32_isThatOfTheCpu() {
        assertThat(Runs.meanDifference(picture("cpu", F32), picture("cuda-emulated", F32)))
                .isLessThanOrEqualTo(1 / 255.0);
    }

    /** Measured: 0.28 / 255. */
    @Test
    void picture_inBf16_isNearThatOfTheCpu() {
        assertThat(Runs.meanDifference(picture("cpu", F32), picture("cuda-emulated", BF16)))
                .isLessThanOrEqualTo(1 / 255.0);
    }

    private static int[] picture(String name, DeviceOptions options) {
        ImageRequest request =
                new ImageRequest(
                        List.of("a red circle left of a blue star on a white background"),
                        " ",
                        7,
                        1,
                        64,
                        64,
                        new Guidance(4, true),
                        Plans.find("uniform-2"),
                        List.of(),
                        0);
        try (Device device = Devices.open(name, options);
                Ops ops = new Ops(device)) {
            return Runs.pixels(ops, Fixture.tinyModel(), request, new RunListener() {});
        }
    }
}
