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
import glance.fixtures.ScaledTwin;
import glance.fixtures.ScaledTwin.Kind;
import glance.io.ModelFolder;
import glance.ops.Ops;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quantised weights take their stored size, and the forecast knows it. */
class QuantizedMemoryTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cuda-emulated"})
    void ggufTransformer_takesWhatWasForetold_andLessThanItsTwin(String name) {
        needs(name);
        GgufTwin twin = GgufTwin.of(Fixture.tinyModel().resolve("transformer"), folder);
        long quantised = weightBytes(name, twin.gguf());
        long plain = weightBytes(name, twin.twin());
        // 34 bytes for 32 numbers, of which the twin has 64 in BF16 and 128 in F32
        assertThat((double) quantised / plain).isBetween(0.26, 0.57);
    }

    /** One byte instead of 2 or 4, and scales of rows, which are vectors of 4 bytes. */
    @ParameterizedTest
    @CsvSource({"cpu, FP8_ROWS", "cpu, CONVROT", "cuda-emulated, INT8", "cuda-emulated, CONVROT"})
    void scaledTransformer_takesWhatWasForetold_andLessThanItsTwin(String name, Kind kind) {
        needs(name);
        Path component = Fixture.tinyModel().resolve("transformer");
        ScaledTwin twin = ScaledTwin.of(component, kind, weight -> true, folder);
        long scaled = weightBytes(name, twin.scaled());
        long plain = weightBytes(name, twin.twin());
        assertThat((double) scaled / plain).isBetween(0.25, 0.57);
    }

    private static void needs(String device) {
        if (!device.equals("cpu")) {
            assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        }
    }

    private static long weightBytes(String name, Path transformer) {
        ModelParts parts = ModelParts.NONE.transformer(transformer);
        ModelFolder model = ModelFiles.open(Fixture.tinyModel(), parts, note -> {});
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
