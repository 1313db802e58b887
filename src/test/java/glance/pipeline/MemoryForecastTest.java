package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceOptions;
import glance.api.Plans;
import glance.api.Request;
import glance.backend.Device;
import glance.backend.DeviceMemory;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.fixtures.Fixture;
import glance.fixtures.Forecasts;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinyQwenImageEdit;
import glance.fixtures.TinySd3;
import glance.fixtures.TinyZImage;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.nn.Linear;
import glance.ops.Ops;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryForecastTest {
    @TempDir private Path folder;

    @ParameterizedTest(name = "{0} x {1}, guidance {2}")
    @CsvSource({"64, 64, 4", "192, 128, 4", "128, 128, 1"})
    void qwenImage_takesWhatWasForetold(int width, int height, float guidance) {
        Settings request =
                new Settings(
                        List.of("three blue stars on a white background"),
                        " ",
                        1,
                        1,
                        width,
                        height,
                        new Guidance(guidance, true),
                        Plans.uniform(2),
                        List.of());
        requireForetold(Fixture.tinyModel(), request);
    }

    @Test
    void flux_takesWhatWasForetold() {
        Path dev = TinyFlux.dev(folder);
        requireForetold(dev, Runs.request(dev, "a red star", "uniform-2", 32, 1, List.of()));
    }

    @Test
    void reference_takesWhatWasForetold() {
        Path kontext = TinyFlux.kontext(folder);
        Path file = folder.resolve("reference.png");
        Images.writePng(file, new BufferedImage(48, 32, BufferedImage.TYPE_INT_RGB), Map.of());
        Request request = Request.of("a red star").plan("uniform-2").size(32, 32).reference(file);
        requireForetold(kontext, Settings.of(request, ModelFolder.open(kontext)));
    }

    @Test
    void flux2_takesWhatWasForetold() {
        TinyFlux2.base(folder);
        Settings plain = Runs.request(folder, "a red star", "uniform-2", 16, 1, List.of());
        requireForetold(folder, plain);
        Path file = folder.resolve("reference.png");
        Images.writePng(file, new BufferedImage(96, 64, BufferedImage.TYPE_INT_RGB), Map.of());
        Request request = Request.of("a red star").plan("uniform-2").size(16, 16).reference(file);
        requireForetold(folder, Settings.of(request, ModelFolder.open(folder)));
    }

    /** The vision tower leaves before the text is read. */
    @Test
    void qwenImageEdit_takesWhatWasForetold() {
        TinyQwenImageEdit.still(folder);
        requireForetold(folder, Runs.request(folder, "a red star", "uniform-2", 64, 1, List.of()));
        for (int references = 1; references <= 2; references++) {
            Request request = Request.of("a red star").plan("uniform-2").size(64, 64);
            for (int i = 0; i < references; i++) {
                Path file = folder.resolve(i + ".png");
                BufferedImage picture = new BufferedImage(24 + i, 16, BufferedImage.TYPE_INT_RGB);
                Images.writePng(file, picture, Map.of());
                request = request.reference(file);
            }
            requireForetold(folder, Settings.of(request, ModelFolder.open(folder)));
        }
    }

    /** What stays is chosen by the forecast of no request. */
    @Test
    void usualRun_ofAModelWhoseEncoderLooks_hasAReference() {
        TinyQwenImageEdit.plus(folder);
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            assertThat(MemoryForecast.of(cpu, ModelFolder.open(folder)).parts())
                    .extracting(MemoryForecast.Part::name)
                    .contains(SeenPictures.STAGE);
        }
    }

    @Test
    void sd3_takesWhatWasForetold() {
        TinySd3.in(folder);
        requireForetold(folder, Runs.request(folder, "a red star", "uniform-2", 1, List.of()));
    }

    @Test
    void zImage_takesWhatWasForetold() {
        TinyZImage.base(folder);
        requireForetold(folder, Runs.request(folder, "a red star", "uniform-2", 2, List.of()));
    }

    @Test
    void krea2_takesWhatWasForetold() {
        TinyKrea2.raw(folder);
        requireForetold(folder, Runs.request(folder, "a red star", "uniform-2", 2, List.of()));
    }

    @Test
    void dit_takesWhatWasForetold() {
        TinyDit.in(folder);
        requireForetold(folder, Runs.request(folder, "crane", "uniform-2", 1, List.of()));
    }

    @Test
    void weights_whileDenoising_areThoseWithoutTheModulationLayers() {
        List<Long> weights = new ArrayList<>();
        Fixture.onCpu(
                ops -> {
                    DeviceMemory memory = ops.device().memory();
                    ModelFolder model = ModelFolder.open(Fixture.tinyModel());
                    long all;
                    try (Denoiser denoiser = Families.of(model).openDenoiser(ops, model)) {
                        denoiser.linears().values().forEach(Linear::weight);
                        all = memory.stats().weightBytes();
                    }
                    Runs.run(
                            ops,
                            model,
                            Runs.request(model.path(), "a red star", "uniform-2", 1, List.of()),
                            new RunListener() {
                                @Override
                                public void step(
                                        int step, int steps, String phase, double seconds) {
                                    weights.add(memory.stats().peakWeightBytes());
                                    memory.resetPeak();
                                }
                            });
                    assertThat(weights).hasSize(2);
                    // a third of the parameters of a Qwen-Image block make modulation vectors
                    assertThat((double) weights.get(1) / all).isBetween(0.6, 0.72);
                });
    }

    private static void requireForetold(Path model, Settings request) {
        ModelFolder folder = ModelFolder.open(model);
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            MemoryForecast.Meter meter = new MemoryForecast.Meter(cpu);
            try (Ops ops = new Ops(cpu)) {
                Runs.run(ops, folder, request, meter);
            }
            assertThat(cpu.memory().stats().weightBytes()).isZero();
            assertThat(cpu.memory().stats().scratchBytes()).isZero();
            MemoryForecast forecast = MemoryForecast.of(DryDevice.of(cpu), folder, request);
            assertThat(forecast.parts())
                    .extracting(MemoryForecast.Part::name)
                    .contains("text encoder", "transformer", "autoencoder");
            Forecasts.requireEqual(forecast.parts(), meter.parts());
        }
    }
}
