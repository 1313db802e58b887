package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceOptions;
import glance.api.ModelParts;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Fixture;
import glance.fixtures.Forecasts;
import glance.fixtures.GgufTwin;
import glance.fixtures.Runs;
import glance.io.ModelFolder;
import glance.ops.Ops;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quantised weights take their stored size, and the forecast knows it. */
class QuantizedMemoryTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cuda-emulated"})
    void ggufTransformer_takesWhatWasForetold_andLessThanItsTwin(String name) {
        if (!name.equals("cpu")) {
            assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        }
        GgufTwin twin = GgufTwin.of(Fixture.tinyModel().resolve("transformer"), folder);
        long quantised = weightBytes(name, twin.gguf());
        long plain = weightBytes(name, twin.twin());
        // 34 bytes for 32 numbers, of which the twin has 64 in BF16 and 128 in F32
        assertThat((double) quantised / plain).isBetween(0.26, 0.57);
    }

    private static long weightBytes(String name, Path transformer) {
        ModelParts parts = ModelParts.NONE.transformer(transformer);
        ModelFolder model = ModelFolder.open(Fixture.tinyModel()).with(parts);
        Settings request = Runs.request(model.path(), "a red star", "uniform-1", 32, 1, List.of());
        try (Device device = Devices.open(name, DeviceOptions.defaults())) {
            MemoryForecast.Meter meter = new MemoryForecast.Meter(device);
            try (Ops ops = new Ops(device)) {
                Runs.run(ops, model, request, meter);
            }
            MemoryForecast forecast = MemoryForecast.of(DryDevice.of(device), model, request);
            Forecasts.requireEqual(forecast.parts(), meter.parts());
            return forecast.parts().stream()
                    .filter(part -> part.name().equals("transformer"))
                    .findFirst()
                    .orElseThrow()
                    .weightBytes();
        }
    }
}
