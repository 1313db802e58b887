package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.ModelTools;
import glance.api.Conversion;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.api.adapter.Output;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.compare.Psnr;
import glance.fixtures.Fixture;
import glance.fixtures.Forecasts;
import glance.fixtures.Runs;
import glance.fixtures.TinyPublished;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.Guidance;
import glance.pipeline.MemoryForecast;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What rounding activations to 8 bits does to pictures of a model with weights in e4m3. */
class EmulatedW8A8Test {
    private static final DeviceOptions BF16 = new DeviceOptions(0, Precision.BF16);
    private static final String PROMPT = "a red circle left of a blue heart on a white background";
    private static final Map<String, Run> RUNS = new HashMap<>();

    @TempDir private static Path folder;

    private record Run(BufferedImage picture, List<MemoryForecast.Part> memory) {}

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    /**
     * Both pictures have the same weights. Measured: 41.2 dB, a root mean square of 1.0 % of the
     * picture's, as stated in kernels/README.md; and 25.7 dB where half of the rows had the scales
     * of others.
     */
    @Test
    void picture_isNearThatOfExactActivations() {
        BufferedImage exact = run("mma").picture();
        BufferedImage rounded = run("w8a8").picture();
        assertThat(Psnr.of(exact, rounded)).isBetween(38.0, 50.0);
    }

    @Test
    void memory_isThatOfTheForecast() {
        Run run = run("w8a8");
        try (Device device = Devices.open("cuda-emulated", BF16.variant("linear", "w8a8"))) {
            MemoryForecast forecast =
                    MemoryForecast.of(DryDevice.of(device), ModelFolder.open(model()), request());
            Forecasts.requireEqual(forecast.parts(), run.memory());
        }
    }

    private static Run run(String variant) {
        return RUNS.computeIfAbsent(variant, EmulatedW8A8Test::draw);
    }

    private static Run draw(String variant) {
        try (Device device = Devices.open("cuda-emulated", BF16.variant("linear", variant));
                Ops ops = new Ops(device)) {
            MemoryForecast.Meter meter = new MemoryForecast.Meter(device);
            BufferedImage picture =
                    Runs.run(ops, ModelFolder.open(model()), request(), meter).get(0).picture();
            return new Run(picture, meter.parts());
        }
    }

    private static Settings request() {
        Guidance guidance = new Guidance(4, true);
        return new Settings(
                List.of(PROMPT),
                " ",
                5,
                1,
                64,
                64,
                guidance,
                PlanJson.find("uniform-5"),
                List.of());
    }

    /** glance-tiny with a transformer in e4m3. */
    private static Path model() {
        Path model = folder.resolve("model");
        if (!Files.exists(model)) {
            copyAllBut("transformer", model);
            new ModelTools()
                    .convert(
                            Conversion.of(Fixture.tinyModel()),
                            Output.to(model.resolve("transformer")).dtype("f8_e4m3"));
        }
        return model;
    }

    private static void copyAllBut(String part, Path model) {
        try (Stream<Path> files = Files.list(Fixture.tinyModel())) {
            for (Path file : files.toList()) {
                Path copy = model.resolve(file.getFileName());
                if (Files.isRegularFile(file)) {
                    Files.createDirectories(model);
                    Files.copy(file, copy);
                } else if (!copy.endsWith(part)) {
                    TinyPublished.copy(file, copy);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
