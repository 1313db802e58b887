package glance.model.flux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.FormatException;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Residency;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyFlux;
import glance.io.ModelFolder;
import glance.model.PromptEncoder;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.pipeline.Guidance;
import glance.pipeline.ImageResult;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FluxFamilyTest {
    private static final Guidance OWN = new Guidance(1, false, 3.5f);
    private static final int SIZE = 32;

    @TempDir private static Path temporary;
    private static Path dev;
    private static Path schnell;
    private static Lora adapter;

    @BeforeAll
    static void write() {
        dev = TinyFlux.dev(temporary.resolve("dev"));
        schnell = TinyFlux.schnell(temporary.resolve("schnell"));
        adapter = Lora.of(TinyFlux.adapter(temporary.resolve("a.safetensors"))).on("slow");
    }

    private static Settings request(
            String prompt, String negative, Guidance guidance, Plan plan, Lora... loras) {
        return new Settings(
                List.of(prompt), negative, 3, 1, SIZE, SIZE, guidance, plan, List.of(loras));
    }

    private static int[] run(Ops ops, Path model, Settings request) {
        List<ImageResult> results =
                Runs.run(ops, ModelFolder.open(model), request, new RunListener() {});
        return pixels(results.get(0).picture());
    }

    private static int[] pixels(BufferedImage picture) {
        assertThat(picture.getWidth()).isEqualTo(SIZE);
        return picture.getRGB(0, 0, SIZE, SIZE, null, 0, SIZE);
    }

    @Test
    void glancePlanWithAdapter_isDeterministicAndTheAdapterCounts() {
        Plan glance = PlanJson.find("glance");
        Fixture.onCpu(
                1,
                ops -> {
                    int[] one = run(ops, dev, request("a red circle", "", OWN, glance, adapter));
                    Fixture.onCpu(
                            3,
                            more ->
                                    assertThat(
                                                    run(
                                                            more,
                                                            dev,
                                                            request(
                                                                    "a red circle",
                                                                    "",
                                                                    OWN,
                                                                    glance,
                                                                    adapter)))
                                            .isEqualTo(one));
                    assertThat(run(ops, dev, request("a red circle", "", OWN, glance)))
                            .isNotEqualTo(one);
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                    assertThat(ops.device().memory().stats().weightBytes()).isZero();
                });
    }

    @Test
    void conditions_allReachThePicture() {
        Plan two = Plans.uniform(2);
        Fixture.onCpu(
                ops -> {
                    int[] usual = run(ops, dev, request("a red circle", "", OWN, two));
                    assertThat(run(ops, dev, request("a blue star", "", OWN, two)))
                            .isNotEqualTo(usual);
                    Guidance stronger = new Guidance(1, false, 9);
                    assertThat(run(ops, dev, request("a red circle", "", stronger, two)))
                            .isNotEqualTo(usual);
                    Guidance genuine = new Guidance(3, false, 3.5f);
                    int[] away = run(ops, dev, request("a red circle", "blue", genuine, two));
                    assertThat(away).isNotEqualTo(usual);
                    assertThat(run(ops, dev, request("a red circle", "star", genuine, two)))
                            .isNotEqualTo(away);
                });
    }

    @Test
    void schnell_ignoresEmbeddedGuidance() {
        Plan two = Plans.uniform(2);
        Fixture.onCpu(
                ops -> {
                    int[] usual = run(ops, schnell, request("a star", "", OWN, two));
                    Guidance stronger = new Guidance(1, false, 9);
                    assertThat(run(ops, schnell, request("a star", "", stronger, two)))
                            .isEqualTo(usual);
                });
    }

    @Test
    void batch_isThePicturesOneByOne() {
        Fixture.onCpu(
                ops -> {
                    Settings both =
                            new Settings(
                                    List.of("a red circle"),
                                    "blue",
                                    3,
                                    2,
                                    SIZE,
                                    SIZE,
                                    new Guidance(2, false, 3.5f),
                                    Plans.uniform(2),
                                    List.of());
                    List<ImageResult> results =
                            Runs.run(ops, ModelFolder.open(dev), both, new RunListener() {});
                    assertThat(results).extracting(ImageResult::seed).containsExactly(3L, 4L);
                    assertThat(pixels(results.get(0).picture()))
                            .isEqualTo(
                                    run(
                                            ops,
                                            dev,
                                            request(
                                                    "a red circle",
                                                    "blue",
                                                    both.guidance(),
                                                    both.plan())));
                });
    }

    @Test
    void prompts_areAsLongAsTheModelWants() {
        Fixture.onCpu(
                ops -> {
                    assertThat(embeddings(ops, dev).embeddings().dim(1)).isEqualTo(512);
                    assertThat(embeddings(ops, schnell).embeddings().dim(1)).isEqualTo(256);
                    assertThat(embeddings(ops, dev).pooled().shape().dims()).containsExactly(2, 32);
                });
    }

    private static TextBatch embeddings(Ops ops, Path model) {
        try (PromptEncoder encoder =
                new FluxFamily().openPromptEncoder(ops, ModelFolder.open(model))) {
            return encoder.encode(ops, List.of("a red circle", "star ".repeat(600)));
        }
    }

    @Test
    void longPrompt_keepsItsEndToken() {
        Fixture.onCpu(
                ops -> {
                    try (PromptEncoder encoder =
                            new FluxFamily().openPromptEncoder(ops, ModelFolder.open(schnell))) {
                        assertThat(encoder.tokenIds("a star")).startsWith(3, 7, 1, 0, 0);
                        assertThat(encoder.tokenIds("star ".repeat(600)))
                                .hasSize(256)
                                .endsWith(7, 7, 1);
                    }
                });
    }

    /** Equals the timesteps that Glance trains FLUX.1-dev on, at 1024 x 1024 pixels. */
    @Test
    void glancePlan_hasTheGridOfFlux() {
        Fixture.onCpu(
                ops -> {
                    Settings large =
                            new Settings(
                                    List.of("a"),
                                    "",
                                    0,
                                    1,
                                    256,
                                    256,
                                    OWN,
                                    PlanJson.find("glance"),
                                    List.of());
                    float[] sigmas =
                            new Pipeline(ops, ModelFolder.open(dev), Residency.STREAM)
                                    .plan(large)
                                    .sigmas();
                    float[] timesteps = {
                        1000f, 986.9786f, 973.2042f, 958.6094f, 943.1188f, 926.6473f, 825.7017f,
                        677.9868f, 441.1997f, 60.5503f
                    };
                    for (int i = 0; i < timesteps.length; i++) {
                        assertThat(1000 * sigmas[i]).isCloseTo(timesteps[i], within(1e-3f));
                    }
                });
    }

    @Test
    void transformerOfAnotherAutoencoder_isRefused() throws IOException {
        Path other = TinyFlux.dev(temporary.resolve("other"));
        Path config = other.resolve("transformer/config.json");
        Files.writeString(
                config,
                Files.readString(config).replace("\"in_channels\": 64", "\"in_channels\": 16"));
        assertThatThrownBy(() -> new FluxFamily().geometry(ModelFolder.open(other)))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll("config.json", "in_channels", "64", "16");
    }
}
