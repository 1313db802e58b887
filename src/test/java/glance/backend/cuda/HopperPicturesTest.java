package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Lora;
import glance.api.Precision;
import glance.api.Request;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyFlux;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole pictures through the kernels for Hopper, of enough tokens for pairs of blocks. */
class HopperPicturesTest {
    @TempDir private Path folder;

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    /** Measured: 0.25 / 255, that of other kernels in bf16. */
    @Test
    void glanceTiny_isThatOfTheCpu() {
        requireNear(
                Fixture.tinyModel(),
                Request.of("a red circle left of a blue star on a white background")
                        .plan("uniform-2")
                        .seed(7)
                        .size(64, 64),
                1);
    }

    /** Measured: 0.60 / 255. */
    @Test
    void flux_withAnAdapter_isThatOfTheCpu() {
        Path adapter = TinyFlux.adapter(folder.resolve("flux.safetensors"));
        requireNear(
                TinyFlux.schnell(folder.resolve("flux")),
                Request.of("a red circle")
                        .plan("uniform-2")
                        .seed(1)
                        .size(128, 128)
                        .lora(Lora.of(adapter)),
                2);
    }

    /**
     * Within what bf16 costs by any kernels ({@link EmulatedModelTest}, {@link
     * EmulatedFamiliesTest}).
     *
     * @param most mean difference from the picture in f32, of 255
     */
    private static void requireNear(Path model, Request request, int most) {
        Settings settings = Settings.of(request, ModelFolder.open(model));
        int[] cpu;
        try (Device device = Devices.open("cpu", new DeviceOptions(0, Precision.F32))) {
            cpu = pixels(device, model, settings);
        }
        CountingDriver driver = new CountingDriver(new EmulatedDriver(), Set.of());
        DeviceInfo info = new DeviceInfo("cuda-emulated", "counted", 1L << 33, null);
        DeviceOptions options =
                new DeviceOptions(0, Precision.BF16)
                        .variant("linear", LinearWgmma.NAME)
                        .variant("attention", AttentionWgmma.NAME);
        int[] own;
        try (CudaDevice device = new CudaDevice(info, driver.driver(), options)) {
            own = pixels(device, model, settings);
        }
        Set<String> kernels = driver.takeKernels();
        for (String part : List.of("linear_wgmma_", "attention_wgmma_")) {
            assertThat(kernels)
                    .anyMatch(name -> name.startsWith(part) && name.endsWith("_pairs_bf16"));
        }
        assertThat(Runs.meanDifference(cpu, own)).isLessThanOrEqualTo(most / 255.0);
    }

    private static int[] pixels(Device device, Path model, Settings settings) {
        try (Ops ops = new Ops(device)) {
            return Runs.pixels(ops, model, settings, new RunListener() {});
        }
    }
}
