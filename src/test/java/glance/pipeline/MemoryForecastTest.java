package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.backend.Device;
import glance.backend.DeviceOptions;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.schedule.Plans;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryForecastTest {
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");

    @ParameterizedTest(name = "{0} x {1}, guidance {2}")
    @CsvSource({"64, 64, 4", "192, 128, 4", "128, 128, 1"})
    void forecast_equalsWhatTheRunTakes(int width, int height, float guidance) {
        ModelFolder folder = ModelFolder.open(TINY);
        ImageRequest request =
                new ImageRequest(
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
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            MemoryForecast.Meter meter = new MemoryForecast.Meter(cpu);
            try (Ops ops = new Ops(cpu)) {
                new TextToImage(ops, folder).run(request, meter);
            }
            List<MemoryForecast.Part> measured = meter.parts();
            MemoryForecast forecast = MemoryForecast.of(DryDevice.of(cpu), folder, request);
            assertThat(forecast.parts()).hasSameSizeAs(measured);
            for (int i = 0; i < measured.size(); i++) {
                MemoryForecast.Part got = measured.get(i);
                MemoryForecast.Part foretold = forecast.parts().get(i);
                assertThat(foretold.name()).isEqualTo(got.name());
                assertThat((double) foretold.weightBytes() / got.weightBytes())
                        .isCloseTo(1, within(0.02));
                assertThat((double) foretold.scratchBytes() / got.scratchBytes())
                        .as(got.name())
                        .isCloseTo(1, within(0.02));
            }
        }
    }
}
