package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Lora;
import glance.api.Precision;
import glance.api.Strength;
import glance.backend.Replay;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinySd3;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.Families;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a step of denoising asks of the driver. */
class DenoisingLoopTest {
    private static final DeviceOptions F32 = new DeviceOptions(0, Precision.F32);
    private static final Set<String> NOTHING = Set.of();

    /**
     * A step that is not the first of its phase: its conditioning is copied to where the graph
     * reads it, the graph runs, the channels without guidance are put together (two copies), then
     * guidance with Euler's step, and the latents are copied to where the graph reads them. The
     * synchronisation is what progress and cancelling need.
     */
    private static final Map<String, Integer> STEP =
            Map.of("launch", 5, "launchGraph", 1, "synchronize", 1);

    @TempDir Path folder;

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    private static CudaDevice device(CountingDriver driver) {
        return device(driver, F32);
    }

    private static CudaDevice device(CountingDriver driver, DeviceOptions options) {
        DeviceInfo info = new DeviceInfo("cuda-emulated", "counted", 1L << 33, null);
        return new CudaDevice(info, driver.driver(), options);
    }

    private static CountingDriver counting(Set<String> refused) {
        return new CountingDriver(new EmulatedDriver(), refused);
    }

    /** Three steps under one expert, three under another. */
    private Settings experts() {
        Path one = TinyDit.in(folder).adapter("transformer_blocks.1.attn1.to_q", 32, 32);
        Path other = folder.resolve("other.safetensors");
        try {
            Files.copy(one, other, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Lora> experts =
                List.of(Lora.of(one).on("1-3"), Lora.of(other).strength(0.5f).on("4-6"));
        return Runs.request(folder, "1", "uniform-6", 1, experts);
    }

    /** Four tokens, as the emulator is slow. */
    private static Settings small(Path model, String prompt) {
        Settings request = Runs.request(model, prompt, "uniform-3", 1, List.of());
        ModelFolder opened = ModelFolder.open(model);
        int side = 2 * Families.of(opened).geometry(opened).pixelsPerToken();
        return new Settings(
                request.prompts(),
                request.negative(),
                request.seed(),
                request.batch(),
                side,
                side,
                request.guidance(),
                request.plan(),
                request.loras());
    }

    /** The calls of each step. */
    private List<Map<String, Integer>> steps(CountingDriver driver, Settings request) {
        List<Map<String, Integer>> steps = new ArrayList<>();
        try (CudaDevice device = device(driver);
                Ops ops = new Ops(device)) {
            Runs.run(
                    ops,
                    ModelFolder.open(folder),
                    request,
                    new RunListener() {
                        @Override
                        public void stage(String name) {
                            driver.take();
                        }

                        @Override
                        public void step(int step, int count, String phase, double seconds) {
                            steps.add(driver.take());
                        }
                    });
        }
        return steps;
    }

    @Test
    void step_withinAPhase_isOneGraph_withoutAllocationOrTransfer() {
        List<Map<String, Integer>> steps = steps(counting(NOTHING), experts());
        assertThat(steps).hasSize(6);
        for (int i : new int[] {1, 2, 4, 5}) {
            assertThat(steps.get(i)).as("step " + (i + 1)).isEqualTo(STEP);
        }
    }

    @Test
    void switchOfExperts_writesNoWeight_andAllocatesNothing() {
        Map<String, Integer> first = steps(counting(NOTHING), experts()).get(3);
        // the first step of a phase launches everything twice: once to be done, once to be noted
        assertThat(first.keySet())
                .containsExactlyInAnyOrder("launch", "synchronize", "beginCapture", "endCapture");
        assertThat(first)
                .containsEntry("synchronize", 1)
                .containsEntry("beginCapture", 1)
                .containsEntry("endCapture", 1);
    }

    /** One expert whose strength is another number in every step: one graph serves them all. */
    @Test
    void strengthOfEachStep_isOneSmallCopyOnTheDevice() {
        Path adapter = TinyDit.in(folder).adapter("transformer_blocks.1.attn1.to_q", 32, 32);
        Lora ramp = Lora.of(adapter).strength(Strength.ramp(0.2f, 1));
        CountingDriver driver = counting(NOTHING);
        List<Map<String, Integer>> steps =
                steps(driver, Runs.request(folder, "1", "uniform-6", 1, List.of(ramp)));
        Map<String, Integer> one = new HashMap<>(STEP);
        one.merge("launch", 1, Integer::sum);
        assertThat(steps).hasSize(6);
        assertThat(steps.subList(1, 6)).containsOnly(one);
        assertThat(steps.get(0)).containsEntry("beginCapture", 1);
    }

    /** Weights in F32, an adapter in F32 of rank 2: what tensor cores read is neither. */
    @Test
    void operandsOfTensorCores_arePackedBeforeTheFirstStep() {
        Settings request = experts();
        CountingDriver driver = counting(NOTHING);
        List<String> kernels = new ArrayList<>();
        try (CudaDevice device = device(driver, new DeviceOptions(0, Precision.BF16));
                Ops ops = new Ops(device)) {
            Runs.run(
                    ops,
                    ModelFolder.open(folder),
                    request,
                    new RunListener() {
                        @Override
                        public void stage(String name) {
                            driver.takeKernels();
                        }

                        @Override
                        public void step(int step, int count, String phase, double seconds) {
                            kernels.addAll(driver.takeKernels());
                        }
                    });
        }
        assertThat(kernels)
                .anyMatch(name -> name.startsWith("low_rank_mma"))
                .noneMatch(name -> name.startsWith("pack_"));
    }

    /** Measured: at most 2.4e-5 from the CPU. */
    @ParameterizedTest
    @ValueSource(strings = {"flux", "sd3", "dit", "krea-2"})
    void step_ofAnyFamily_isOneGraph_andEqualsTheCpu(String family) {
        switch (family) {
            case "flux" -> TinyFlux.dev(folder);
            case "sd3" -> TinySd3.in(folder);
            case "krea-2" -> TinyKrea2.raw(folder);
            default -> TinyDit.in(folder);
        }
        String prompt = family.equals("dit") ? "1" : "a red circle";
        Settings request = small(folder, prompt);
        CountingDriver driver = counting(NOTHING);
        float[] graphs = latents(driver, request);
        assertThat(driver.take()).containsEntry("launchGraph", 2);
        Fixture.onCpu(
                ops -> {
                    float[] cpu = Runs.latents(ops, request, folder);
                    assertThat(graphs).containsExactly(cpu, offset(1e-4f));
                });
    }

    private float[] latents(CountingDriver driver, Settings request) {
        try (CudaDevice device = device(driver);
                Ops ops = new Ops(device)) {
            return Runs.latents(ops, request, folder);
        }
    }

    @Test
    void replay_readsWhatItsTensorsHoldNow_andItsMemoryIsNobodyElses() {
        try (CudaDevice device = device(counting(NOTHING));
                Ops ops = new Ops(device)) {
            Tensor x = ops.host().floats(Shape.of(1, 1000), new float[1000]);
            Tensor result = ops.empty(DType.F32, x.shape());
            try (Replay replay = ops.replay(() -> ops.copy(ops.add(ops.add(x, x), x), result))) {
                replay.run();
                for (float value : new float[] {1, 2}) {
                    ops.copy(filled(ops, value), x);
                    Tensor other = filled(ops, 7);
                    replay.run();
                    assertThat(ops.host().floats(result).get(999)).isEqualTo(3 * value);
                    assertThat(ops.host().floats(other).get(999)).isEqualTo(7);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"beginCapture", "endCapture"})
    void replay_whereTheDriverRefusesCapture_launchesPlainly(String call) {
        CountingDriver driver = counting(Set.of(call));
        try (CudaDevice device = device(driver);
                Ops ops = new Ops(device)) {
            Tensor x = filled(ops, 1);
            Tensor result = ops.empty(DType.F32, x.shape());
            try (Replay replay = ops.replay(() -> ops.copy(ops.add(x, x), result))) {
                for (float value : new float[] {1, 2, 3}) {
                    ops.copy(filled(ops, value), x);
                    replay.run();
                    assertThat(ops.host().floats(result).get(999)).isEqualTo(2 * value);
                }
            }
        }
        assertThat(driver.take()).doesNotContainKey("launchGraph");
    }

    @Test
    void replay_withGraphsTurnedOff_launchesPlainly() {
        CountingDriver driver = counting(NOTHING);
        System.setProperty("glance.cuda.graphs", "false");
        try (CudaDevice device = device(driver);
                Ops ops = new Ops(device)) {
            Tensor x = filled(ops, 1);
            Tensor result = ops.empty(DType.F32, x.shape());
            try (Replay replay = ops.replay(() -> ops.copy(ops.add(x, x), result))) {
                replay.run();
                replay.run();
            }
            assertThat(ops.host().floats(result).get(0)).isEqualTo(2);
        } finally {
            System.clearProperty("glance.cuda.graphs");
        }
        assertThat(driver.take()).doesNotContainKeys("beginCapture", "launchGraph");
    }

    private static Tensor filled(Ops ops, float value) {
        float[] values = new float[1000];
        Arrays.fill(values, value);
        return ops.host().floats(Shape.of(1, 1000), values);
    }

    @Test
    void replay_thatReadsHostMemory_isRefused() {
        try (CudaDevice device = device(counting(NOTHING));
                Ops ops = new Ops(device)) {
            Tensor x = ops.host().floats(Shape.of(2), 1, 2);
            try (Replay replay =
                    ops.replay(() -> ops.copy(ops.host().floats(Shape.of(2), 3, 4), x))) {
                assertThatThrownBy(replay::run)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("was uploaded while a CUDA graph is captured");
            }
            assertThat(ops.host().floats(ops.add(x, x)).get(0)).isEqualTo(6);
        }
    }
}
