package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceOptions;
import glance.api.MemoryStats;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.fixtures.Forecasts;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinySd3;
import glance.io.ModelFolder;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.ops.Ops;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory of whole runs of every family: as foretold in each part, the weights of one part at a
 * time, and nothing at the end.
 */
class FamilyMemoryTest {
    @TempDir private Path folder;

    @Test
    void flux_takesWhatWasForetold() {
        TinyFlux.dev(folder);
        List<MemoryForecast.Part> parts =
                measured(Runs.request(folder, "a red star", "uniform-2", 32, 1, List.of()));
        requireWeights(parts.get(0), "text_encoder", "text_encoder_2");
        requireWeights(parts.get(1), "transformer");
        requireWeights(parts.get(2), "vae");
    }

    @Test
    void sd3_takesWhatWasForetold() {
        TinySd3.in(folder);
        List<MemoryForecast.Part> parts =
                measured(Runs.request(folder, "a red star", "uniform-2", 1, List.of()));
        requireWeights(parts.get(0), "text_encoder", "text_encoder_2", "text_encoder_3");
        requireWeights(parts.get(1), "transformer");
        requireWeights(parts.get(2), "vae");
    }

    @Test
    void dit_takesWhatWasForetold() {
        TinyDit.in(folder);
        List<MemoryForecast.Part> parts =
                measured(Runs.request(folder, "crane", "uniform-2", 1, List.of()));
        requireWeights(parts.get(0));
        requireWeights(parts.get(1), "transformer");
        requireWeights(parts.get(2), "vae");
    }

    private List<MemoryForecast.Part> measured(Settings request) {
        ModelFolder model = ModelFolder.open(folder);
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults())) {
            MemoryForecast.Meter meter = new MemoryForecast.Meter(cpu);
            try (Ops ops = new Ops(cpu)) {
                Runs.run(ops, model, request, meter);
            }
            List<MemoryForecast.Part> parts = meter.parts();
            MemoryStats after = cpu.memory().stats();
            assertThat(after.weightBytes() + after.scratchBytes()).isZero();
            assertThat(parts)
                    .extracting(MemoryForecast.Part::name)
                    .containsExactly("text encoder", "transformer", "autoencoder");
            Forecasts.requireEqual(
                    MemoryForecast.of(DryDevice.of(cpu), model, request).parts(), parts);
            return parts;
        }
    }

    /** A part holds no more than its components, and most of them at some time. */
    private void requireWeights(MemoryForecast.Part part, String... components) {
        long bytes = 0;
        for (String component : components) {
            try (Weights weights = Weights.open(folder.resolve(component))) {
                bytes += weights.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
            }
        }
        assertThat(part.weightBytes()).as(part.name()).isBetween(bytes / 2, bytes);
    }
}
