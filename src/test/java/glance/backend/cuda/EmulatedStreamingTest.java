package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyKrea2;
import glance.io.ModelFolder;
import glance.model.dit.DitConfig;
import glance.model.dit.DitTransformer;
import glance.model.flux.FluxConfig;
import glance.model.flux.FluxTransformer;
import glance.model.krea2.Krea2Config;
import glance.model.krea2.Krea2Transformer;
import glance.ops.Ops;
import glance.pipeline.MemoryForecast;
import glance.pipeline.MemoryForecast.Part;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Models of many small blocks on an emulated GPU that has no room for them: the result of the same
 * run with room, to the bit, and memory as foretold, to the byte.
 */
class EmulatedStreamingTest {
    private static final String QWEN = "qwen-image in BF16";
    private static final Map<String, Job> JOBS = new HashMap<>();

    @TempDir private static Path folder;

    private record Job(Path model, Settings request, DeviceOptions options) {
        static Job of(Path model, String prompt, int size, Precision precision) {
            return new Job(
                    model,
                    Runs.request(model, prompt, "uniform-2", size, 1, List.of()),
                    new DeviceOptions(0, precision));
        }

        List<Part> foretold(long memoryBytes) {
            try (Device device = Devices.open("cuda-emulated", options)) {
                return MemoryForecast.of(
                                DryDevice.of(device), ModelFolder.open(model), request, memoryBytes)
                        .parts();
            }
        }

        /** So that about half of the transformer's weights have room. */
        long shortMemory() {
            long needed = 0;
            for (Part part : foretold(0)) {
                boolean large = part.name().equals("transformer");
                needed =
                        Math.max(
                                needed, part.scratchBytes() + part.weightBytes() / (large ? 2 : 1));
            }
            return (long) (needed / 0.9) + 4096;
        }
    }

    private record Run(int[] pixels, List<Part> memory, List<String> notes) {}

    @BeforeAll
    static void write() {
        Path flux = TinyFlux.schnell(folder.resolve("flux"));
        deepen(
                flux,
                Map.of("\"num_layers\": 1", "\"num_layers\": 12", "_layers\": 2", "_layers\": 24"),
                (ops, config, weights) -> new FluxTransformer(ops, FluxConfig.of(config), weights));
        JOBS.put("flux", Job.of(flux, "a red circle", 32, Precision.F32));
        Path krea = folder.resolve("krea-2");
        TinyKrea2.raw(krea);
        deepen(
                krea,
                Map.of("\"num_layers\": 2", "\"num_layers\": 24"),
                (ops, config, weights) ->
                        new Krea2Transformer(ops, Krea2Config.of(config), weights));
        JOBS.put("krea-2", Job.of(krea, "a red circle", 16, Precision.F32));
        Path dit = folder.resolve("dit");
        TinyDit.in(dit);
        deepen(
                dit,
                Map.of("\"num_layers\": 2", "\"num_layers\": 20"),
                (ops, config, weights) -> new DitTransformer(ops, DitConfig.of(config), weights));
        JOBS.put("dit", Job.of(dit, "goldfish", 16, Precision.F32));
        JOBS.put(QWEN, Job.of(Fixture.tinyModel(), "a red circle", 32, Precision.BF16));
    }

    private static void deepen(Path model, Map<String, String> changes, TinyFolder.Opener opener) {
        try {
            String config = Files.readString(model.resolve("transformer/config.json"));
            for (Map.Entry<String, String> change : changes.entrySet()) {
                assertThat(config).contains(change.getKey());
                config = config.replace(change.getKey(), change.getValue());
            }
            new TinyFolder(model)
                    .component(
                            "transformer", "diffusion_pytorch_model.safetensors", config, opener);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "krea-2", "dit", QWEN})
    void weightsWithoutRoom_stream_withTheSameResult_inTheMemoryForetold(String name) {
        Job job = JOBS.get(name);
        long memoryBytes = job.shortMemory();
        Run whole = run(job, job.options());
        Run streamed = run(job, job.options().memory(memoryBytes));
        assertThat(streamed.pixels()).isEqualTo(whole.pixels());
        assertThat(whole.notes()).isEmpty();
        assertThat(streamed.notes())
                .isNotEmpty()
                .allMatch(note -> note.matches("transformer: weights of \\d+ blocks stream .*"));
        assertThat(streamed.memory()).isEqualTo(job.foretold(memoryBytes));
        assertThat(whole.memory()).isEqualTo(job.foretold(0));
        Part transformer = transformer(streamed);
        assertThat(transformer.hostBytes()).isPositive();
        assertThat(transformer.weightBytes()).isLessThan(transformer(whole).weightBytes());
        assertThat(transformer.bytes()).isLessThanOrEqualTo((long) (0.9 * memoryBytes));
    }

    private static Part transformer(Run run) {
        return run.memory().stream()
                .filter(part -> part.name().equals("transformer"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void tooLittleMemory_isRefusedWithNumbersAndARemedy() {
        Job job = JOBS.get(QWEN);
        long activations = transformer(run(job, job.options())).scratchBytes();
        DeviceOptions tight = job.options().memory(2 * activations);
        assertThatThrownBy(() -> run(job, tight))
                .isInstanceOf(DeviceException.class)
                .hasMessageMatching(
                        "out of memory: the weights of \\w+ need [\\d.]+ [KM]iB on the device when"
                                + " all their blocks stream from host memory, and have [\\d.]+"
                                + " [KM]?i?B; allow more \\(--memory\\), take quantised weights, or"
                                + " make a smaller picture");
    }

    /** A driver that forgets to let one stream wait for another does what a GPU may do wrong. */
    @Test
    void forgottenEvent_isFound() {
        Job job = JOBS.get(QWEN);
        DeviceOptions options = job.options().memory(job.shortMemory());
        DeviceInfo info = new DeviceInfo("cuda-emulated", "forgets", options.memoryBytes(), null);
        int[] waits = {0};
        int streaming = waits(job, options, info, waits, Integer.MAX_VALUE);
        assertThat(streaming).isGreaterThan(20);
        // the last waits are those of the last step's blocks
        for (int forgotten = streaming - 2; forgotten < streaming; forgotten++) {
            int which = forgotten;
            assertThatThrownBy(() -> waits(job, options, info, waits, which))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("may come too early or too late");
        }
    }

    private static int waits(
            Job job, DeviceOptions options, DeviceInfo info, int[] waits, int forgotten) {
        waits[0] = 0;
        Driver inner = new EmulatedDriver();
        Driver driver =
                (Driver)
                        Proxy.newProxyInstance(
                                Driver.class.getClassLoader(),
                                new Class<?>[] {Driver.class},
                                (proxy, method, arguments) -> {
                                    if (method.getName().equals("waitEvent")
                                            && waits[0]++ == forgotten) {
                                        return null;
                                    }
                                    try {
                                        return method.invoke(inner, arguments);
                                    } catch (InvocationTargetException e) {
                                        throw e.getCause();
                                    }
                                });
        try (Device device = new CudaDevice(info, driver, options);
                Ops ops = new Ops(device)) {
            List<Integer> atTheEnd = new ArrayList<>();
            RunListener listener =
                    new RunListener() {
                        @Override
                        public void step(int step, int steps, String phase, double seconds) {
                            atTheEnd.add(waits[0]);
                        }
                    };
            Runs.pixels(ops, job.model(), job.request(), listener);
            return atTheEnd.get(atTheEnd.size() - 1);
        }
    }

    private static Run run(Job job, DeviceOptions options) {
        try (Device device = Devices.open("cuda-emulated", options);
                Ops ops = new Ops(device)) {
            List<String> notes = new ArrayList<>();
            MemoryForecast.Meter meter = new MemoryForecast.Meter(device);
            RunListener listener =
                    new RunListener() {
                        @Override
                        public void stage(String name) {
                            meter.stage(name);
                        }

                        @Override
                        public void note(String message) {
                            notes.add(message);
                        }
                    };
            int[] pixels = Runs.pixels(ops, job.model(), job.request(), listener);
            List<Part> parts = meter.parts();
            assertThat(device.memory().stats().weightBytes()).isZero();
            assertThat(device.memory().stats().hostBytes()).isZero();
            return new Run(pixels, parts, notes);
        }
    }
}
