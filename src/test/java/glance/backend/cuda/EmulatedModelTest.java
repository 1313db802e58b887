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
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.Guidance;
import glance.pipeline.ImageRequest;
import glance.pipeline.RunListener;
import glance.pipeline.TextToImage;
import glance.schedule.Plans;
import glance.tensor.DType;
import java.awt.image.BufferedImage;
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

    /**
     * Of the transformers also the adapters' gradients, losses and parameters after AdamW steps.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "clip-text",
                "t5-encoder",
                "qwen2_5_vl-text",
                "qwenimage-transformer",
                "flux-transformer",
                "sd3-transformer",
                "dit-transformer",
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
        assertThat(meanDifference(picture("cpu", F32), picture("cuda-emulated", F32)))
                .isLessThanOrEqualTo(1 / 255.0);
    }

    /** Measured: 0.28 / 255. */
    @Test
    void picture_inBf16_isNearThatOfTheCpu() {
        assertThat(meanDifference(picture("cpu", F32), picture("cuda-emulated", BF16)))
                .isLessThanOrEqualTo(1 / 255.0);
    }

    private static BufferedImage picture(String name, DeviceOptions options) {
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
            return new TextToImage(ops, ModelFolder.open(Fixture.tinyModel()))
                    .run(request, new RunListener() {})
                    .get(0)
                    .picture();
        }
    }

    /** Mean over all colours of all pixels, as a part of the full range. */
    private static double meanDifference(BufferedImage a, BufferedImage b) {
        long sum = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                for (int shift = 0; shift < 24; shift += 8) {
                    sum +=
                            Math.abs(
                                    (a.getRGB(x, y) >> shift & 255)
                                            - (b.getRGB(x, y) >> shift & 255));
                }
            }
        }
        return sum / (3.0 * 255 * a.getWidth() * a.getHeight());
    }
}
