package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.backend.Device;
import glance.backend.DeviceOptions;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinySd3;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.schedule.Plans;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryForecastTest {
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");

    @TempDir Path folder;

    @ParameterizedTest(name = "{0} x {1}, guidance {2}")
    @CsvSource({"64, 64, 4", "192, 128, 4", "128, 128, 1"})
    void forecast_equalsWhatTheRunTakes(int width, int height, float guidance) {
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            ImageRequest request = request(width, height, guidance);
            compare(measured(cpu, TINY, request), forecast(cpu, TINY, request));
        }
    }

    /** Of these toys only the transformer is large enough to drown the pool's rounding. */
    @ParameterizedTest
    @ValueSource(strings = {"flux", "sd3", "dit"})
    void forecast_ofAnyTransformer_equalsWhatTheRunTakes(String family) {
        switch (family) {
            case "flux" -> TinyFlux.dev(folder);
            case "sd3" -> TinySd3.in(folder);
            default -> TinyDit.in(folder);
        }
        String prompt = family.equals("dit") ? "1" : "a red circle";
        ImageRequest request = Runs.request(folder, prompt, "uniform-2", 1, List.of());
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            compare(
                    transformer(measured(cpu, folder, request)),
                    transformer(forecast(cpu, folder, request)));
        }
    }

    private static List<MemoryForecast.Part> transformer(List<MemoryForecast.Part> parts) {
        return parts.stream().filter(part -> part.name().equals("transformer")).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "BF16"})
    void forecast_onTheCudaDevice_equalsWhatTheRunTakes(DType dtype) {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        try (Device cuda = Devices.open("cuda-emulated", new DeviceOptions(0, dtype))) {
            ImageRequest request = request(64, 64, 4);
            compare(measured(cuda, TINY, request), forecast(cuda, TINY, request));
        }
    }

    @Test
    void weights_whileDenoising_areThoseWithoutTheModulationLayers() {
        List<Long> weights = new ArrayList<>();
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(cpu)) {
            ModelFolder model = ModelFolder.open(TINY);
            long all;
            try (Denoiser denoiser = Families.of(model).openDenoiser(ops, model)) {
                denoiser.linears().values().forEach(Linear::weight);
                all = cpu.memory().stats().weightBytes();
            }
            new TextToImage(ops, model)
                    .run(
                            request(64, 64, 4),
                            new RunListener() {
                                @Override
                                public void step(
                                        int step, int steps, String phase, double seconds) {
                                    weights.add(cpu.memory().stats().peakWeightBytes());
                                    cpu.memory().resetPeak();
                                }
                            });
            assertThat(weights).hasSize(2);
            // a third of the parameters of a Qwen-Image block make modulation vectors
            assertThat((double) weights.get(1) / all).isBetween(0.6, 0.72);
        }
    }

    private static ImageRequest request(int width, int height, float guidance) {
        return new ImageRequest(
                List.of("three blue stars on a white background"),
                " ",
                1,
                1,
                width,
                height,
                new Guidance(guidance, true),
                Plans.uniform(2),
                List.of(),
                0);
    }

    private static List<MemoryForecast.Part> measured(
            Device device, Path model, ImageRequest request) {
        MemoryForecast.Meter meter = new MemoryForecast.Meter(device);
        try (Ops ops = new Ops(device)) {
            new TextToImage(ops, ModelFolder.open(model)).run(request, meter);
        }
        return meter.parts();
    }

    private static List<MemoryForecast.Part> forecast(
            Device device, Path model, ImageRequest request) {
        return MemoryForecast.of(DryDevice.of(device), ModelFolder.open(model), request).parts();
    }

    private static void compare(
            List<MemoryForecast.Part> measured, List<MemoryForecast.Part> forecast) {
        assertThat(measured).isNotEmpty();
        assertThat(forecast).hasSameSizeAs(measured);
        for (int i = 0; i < measured.size(); i++) {
            MemoryForecast.Part got = measured.get(i);
            MemoryForecast.Part foretold = forecast.get(i);
            assertThat(foretold.name()).isEqualTo(got.name());
            assertThat((double) foretold.weightBytes() / got.weightBytes())
                    .as("weights of " + got.name())
                    .isCloseTo(1, within(0.02));
            assertThat((double) foretold.scratchBytes() / got.scratchBytes())
                    .as("scratch of " + got.name())
                    .isCloseTo(1, within(0.02));
        }
    }
}
