package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.Init;
import glance.api.Lora;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Residency;
import glance.backend.DryDevice;
import glance.fixtures.Drawn;
import glance.fixtures.Fixture;
import glance.fixtures.TinyDit;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that begin in the middle of the plan. */
class StartDrawingTest {
    private static final ModelFolder TINY = ModelFolder.open(Fixture.tinyModel());
    private static final Path ADAPTER =
            Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors");

    @TempDir private Path folder;
    private Path photo;
    private Path mask;

    /** The last latents of each run, its steps as they were told, and its warnings. */
    private static final class Heard implements RunListener {
        private final Ops ops;
        private final List<String> steps = new ArrayList<>();
        private final List<String> warnings = new ArrayList<>();
        private float[] latents;

        Heard(Ops ops) {
            this.ops = ops;
        }

        @Override
        public void step(int step, int of, String phase, double seconds) {
            steps.add(step + "/" + of);
        }

        @Override
        public void latents(int step, Tensor tensor) {
            latents = new float[Math.toIntExact(tensor.numel())];
            ops.host().floats(tensor).get(latents);
        }

        @Override
        public void warning(String message) {
            warnings.add(message);
        }
    }

    @BeforeEach
    void write() {
        photo = Drawn.photo(folder.resolve("photo.png"), 32, 32);
        mask = Drawn.rightOf(folder.resolve("mask.png"), 32, 32, 16);
    }

    private Request request() {
        return Request.of("a red circle").seed(3).size(32, 32).plan("uniform-5");
    }

    private static Heard run(Ops ops, Request request) {
        try (Pipeline pipeline = new Pipeline(ops, TINY, Residency.STREAM)) {
            return run(ops, pipeline, request);
        }
    }

    private static Heard run(Ops ops, Pipeline pipeline, Request request) {
        Heard heard = new Heard(ops);
        pipeline.run(Settings.of(request, TINY), heard);
        return heard;
    }

    @Test
    void progress_tellsTheStepsThatAreRun() {
        Fixture.onCpu(
                ops ->
                        assertThat(run(ops, request().init(Init.of(photo))).steps)
                                .containsExactly("1/3", "2/3", "3/3"));
    }

    @Test
    void expertBeforeTheStart_isNamedAndNotUsed() {
        Lora early = Lora.of(ADAPTER).on("1-2");
        Fixture.onCpu(
                ops -> {
                    Request from = request().init(Init.of(photo));
                    Heard with = run(ops, from.lora(early));
                    assertThat(with.warnings).hasSize(1);
                    assertThat(with.warnings.get(0))
                            .startsWith(ADAPTER + ": its last step of plan uniform-5 is 2")
                            .contains("starts with step 3", "not used");
                    assertThat(with.latents).isEqualTo(run(ops, from.loras(List.of())).latents);
                });
    }

    /** Numbers of steps, and strengths over them, are those of the whole plan. */
    @Test
    void steps_keepTheirNumbers() {
        Fixture.onCpu(
                ops -> {
                    Request from = request().init(Init.of(photo));
                    float[] third = run(ops, from.lora(Lora.of(ADAPTER).on("3"))).latents;
                    assertThat(run(ops, from.lora(Lora.parse(ADAPTER + ":1/1/1/0/0@1-5"))).latents)
                            .isEqualTo(third);
                    assertThat(run(ops, from.lora(Lora.of(ADAPTER).on("4"))).latents)
                            .isNotEqualTo(third);
                });
    }

    @Test
    void batch_isPictureByPictureThatOfItsSeed() {
        Fixture.onCpu(
                ops -> {
                    Request from = request().init(Init.of(photo).mask(mask));
                    float[] both = run(ops, from.batch(2)).latents;
                    float[] second = run(ops, from.seed(4)).latents;
                    assertThat(both).hasSize(2 * second.length);
                    for (int i = 0; i < second.length; i++) {
                        assertThat(both[second.length + i]).isCloseTo(second[i], within(1e-4f));
                    }
                });
    }

    /** As a server has it: parts that stay, other requests before and between. */
    @Test
    void experts_giveTheSameLatentsInAModelThatStays() {
        Fixture.onCpu(
                ops -> {
                    Request from =
                            request()
                                    .init(Init.of(photo).mask(mask).strength(0.8f))
                                    .lora(Lora.of(ADAPTER).on("1-3"))
                                    .lora(
                                            Lora.of(ADAPTER.resolveSibling("fast.safetensors"))
                                                    .on("4-5"));
                    float[] once = run(ops, from).latents;
                    try (Pipeline pipeline = new Pipeline(ops, TINY, Residency.RESIDENT)) {
                        assertThat(run(ops, pipeline, from).latents).isEqualTo(once);
                        run(ops, pipeline, request().lora(Lora.of(ADAPTER).on("2")));
                        run(ops, pipeline, request().init(Init.of(photo)));
                        assertThat(run(ops, pipeline, from).latents).isEqualTo(once);
                    }
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                });
    }

    /** DiT has another scale at the start of a run from noise. */
    @Test
    void dit_startsFromAPictureToo() {
        TinyDit.in(folder.resolve("dit"));
        ModelFolder dit = ModelFolder.open(folder.resolve("dit"));
        Fixture.onCpu(
                ops -> {
                    Heard heard = new Heard(ops);
                    try (Pipeline pipeline = new Pipeline(ops, dit, Residency.STREAM)) {
                        pipeline.run(
                                Settings.of(
                                        Request.of("tench")
                                                .plan("uniform-4")
                                                .size(16, 16)
                                                .init(Init.of(photo).strength(0.5f)),
                                        dit),
                                heard);
                    }
                    assertThat(heard.steps).containsExactly("1/2", "2/2");
                });
    }

    @Test
    void strengthThatLeavesNoStep_isRefused() {
        Settings settings = Settings.of(request().init(Init.of(photo).strength(1e-20f)), TINY);
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = new Pipeline(ops, TINY, Residency.STREAM)) {
                        assertThatThrownBy(() -> pipeline.check(settings))
                                .isInstanceOf(RequestException.class)
                                .hasMessage(
                                        "strength 1.0E-20 leaves none of the 5 steps of plan"
                                                + " uniform-5; take more");
                    }
                });
    }

    @Test
    void forecast_countsTheEncoder() {
        Settings settings = Settings.of(request().init(Init.of(photo)), TINY);
        Fixture.onCpu(
                ops -> {
                    List<String> parts =
                            MemoryForecast.of(DryDevice.of(ops.device()), TINY, settings)
                                    .parts()
                                    .stream()
                                    .map(MemoryForecast.Part::name)
                                    .toList();
                    assertThat(parts).contains(EncodedStart.STAGE);
                });
    }
}
