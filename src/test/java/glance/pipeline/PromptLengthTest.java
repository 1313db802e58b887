package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Plans;
import glance.api.Residency;
import glance.backend.DryDevice;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinySd3;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.PromptEncoder;
import glance.model.text.PromptCut;
import glance.ops.Ops;
import glance.tensor.DType;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How much of a prompt each family reads, and what it says of the rest. */
class PromptLengthTest {
    @TempDir private static Path folder;
    private static Map<String, Path> models;

    @BeforeAll
    static void write() {
        TinySd3.in(folder.resolve("sd3"));
        models =
                Map.of(
                        "qwen-image", Fixture.tinyModel(),
                        "flux", TinyFlux.dev(folder.resolve("flux")),
                        "flux2", TinyFlux2.distilled(folder.resolve("flux2")).path(),
                        "krea-2", TinyKrea2.turbo(folder.resolve("krea-2")).path(),
                        "schnell", TinyFlux.schnell(folder.resolve("schnell")),
                        "sd3", folder.resolve("sd3"));
    }

    private interface Body {
        void run(Ops ops, PromptEncoder encoder);
    }

    private static void with(String model, int tokens, Body body) {
        ModelFolder opened = ModelFolder.open(models.get(model));
        Family family = Families.of(opened);
        Fixture.onCpu(
                ops -> {
                    int number = family.promptTokens(opened).of(tokens);
                    try (PromptEncoder encoder = family.openPromptEncoder(ops, opened, number)) {
                        body.run(ops, encoder);
                    }
                });
    }

    @ParameterizedTest
    @CsvSource({
        "qwen-image, 0, 512",
        "qwen-image, 1024, 1024",
        "krea-2, 0, 512",
        "krea-2, 64, 64",
        "flux, 0, 512",
        "flux, 64, 64",
        "flux2, 0, 512",
        "flux2, 64, 64",
        "schnell, 0, 256",
        "schnell, 512, 512",
        "sd3, 0, 333",
        "sd3, 100, 177"
    })
    void encode_longPrompt_hasAsManyRowsAsTheReference(String model, int tokens, int rows) {
        with(
                model,
                tokens,
                (ops, encoder) ->
                        assertThat(
                                        encoder.encode(ops, List.of("star ".repeat(1500)))
                                                .embeddings()
                                                .dim(1))
                                .isEqualTo(rows));
    }

    /** Rows that are read do not depend on those that are not: Qwen2.5-VL is causal. */
    @Test
    void encode_qwenImage_shortensAndChangesNothingElse() {
        List<FloatBuffer> results = new ArrayList<>();
        for (int tokens : new int[] {512, 600}) {
            with(
                    "qwen-image",
                    tokens,
                    (ops, encoder) ->
                            results.add(
                                    ops.host()
                                            .floats(
                                                    ops.pack(
                                                            encoder.encode(
                                                                            ops,
                                                                            List.of(
                                                                                    "red circle "
                                                                                            .repeat(
                                                                                                    400)))
                                                                    .embeddings()
                                                                    .narrow(1, 0, 512)))));
        }
        assertThat(results.get(1)).isEqualTo(results.get(0));
    }

    @ParameterizedTest
    @CsvSource({
        "qwen-image, 512",
        "krea-2, 512",
        "flux, 512",
        "flux2, 512",
        "schnell, 256",
        "sd3, 256"
    })
    void cuts_saysWhichWordsAreLost_exactlyFromTheLimitOn(String model, int limit) {
        with(
                model,
                0,
                (ops, encoder) -> {
                    assertThat(encoder.cuts("a red circle")).isEmpty();
                    PromptCut cut = encoder.cuts("star ".repeat(700) + "end").get(0);
                    assertThat(cut.limit()).isEqualTo(limit);
                    assertThat(cut.tokens()).isPositive();
                    // each word is as many tokens as the others
                    int words = cut.lost().split(" ").length;
                    String whole = "star ".repeat(701 - words).strip();
                    assertThat(cut.lost()).endsWith("star end");
                    assertThat(encoder.cuts(whole)).noneMatch(c -> c.limit() == limit);
                    assertThat(encoder.cuts(whole + " star"))
                            .filteredOn(c -> c.limit() == limit)
                            .singleElement()
                            .extracting(PromptCut::lost)
                            .isEqualTo("star");
                });
    }

    @ParameterizedTest
    @CsvSource({"flux, CLIP", "sd3, each CLIP encoder"})
    void cuts_ofClip_areNamedToo(String model, String encoderName) {
        with(
                model,
                0,
                (ops, encoder) ->
                        assertThat(encoder.cuts("star ".repeat(100)))
                                .singleElement()
                                .satisfies(
                                        cut -> {
                                            assertThat(cut.encoder()).isEqualTo(encoderName);
                                            assertThat(cut.limit()).isEqualTo(cut.most());
                                        }));
    }

    @ParameterizedTest
    @CsvSource({
        "qwen-image, 1025",
        "krea-2, 1025",
        "flux, 513",
        "flux2, 513",
        "schnell, 513",
        "sd3, 513",
        "sd3, -1"
    })
    void check_moreThanTheModelReads_isRefused(String model, int tokens) {
        Fixture.onCpu(
                ops ->
                        assertThatThrownBy(() -> pipeline(ops, model).check(request(tokens)))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageStartingWith(tokens + " prompt tokens: this model ")
                                .hasMessageContaining("reads 1 to"));
    }

    @Test
    void check_modelOfClasses_isRefused() {
        TinyDit.in(folder.resolve("dit"));
        Fixture.onCpu(
                ops ->
                        assertThatThrownBy(
                                        () ->
                                                new Pipeline(
                                                                ops,
                                                                ModelFolder.open(
                                                                        folder.resolve("dit")),
                                                                Residency.STREAM)
                                                        .check(request(64)))
                                .hasMessageContaining("has no text encoder"));
    }

    @Test
    void run_warnsOfEachTextOnce() {
        List<String> warnings = new ArrayList<>();
        RunListener listener =
                new RunListener() {
                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                };
        String longPrompt = "star ".repeat(700);
        Settings request =
                new Settings(
                        List.of(longPrompt, "a star", longPrompt),
                        "circle ".repeat(700),
                        1,
                        2,
                        64,
                        64,
                        new Guidance(2, true),
                        Plans.uniform(1),
                        List.of());
        DryDevice device = DryDevice.ideal(DType.F32);
        try (Ops ops = new Ops(device)) {
            pipeline(ops, "qwen-image").run(request, listener);
            assertThat(warnings).hasSize(2);
            assertThat(warnings.get(0)).startsWith("prompt 1: Qwen2.5-VL reads 512 tokens");
            assertThat(warnings.get(1)).startsWith("negative prompt: Qwen2.5-VL reads 512 tokens");
            warnings.clear();
            Settings one =
                    new Settings(
                            List.of(longPrompt),
                            " ",
                            1,
                            1,
                            64,
                            64,
                            new Guidance(2, true),
                            Plans.uniform(1),
                            List.of(),
                            600,
                            List.of());
            pipeline(ops, "qwen-image").prepare(one, listener).close();
            assertThat(warnings)
                    .singleElement()
                    .asString()
                    .startsWith("prompt: Qwen2.5-VL reads 600 tokens");
        }
    }

    @Test
    void forecast_knowsTheLength() {
        assertThat(scratch(512)).isGreaterThan(scratch(64));
        assertThat(scratch(0)).isEqualTo(scratch(256));
    }

    private static long scratch(int tokens) {
        Settings plain = Runs.request(models.get("sd3"), "a star", "uniform-2", 1, List.of());
        Settings request =
                new Settings(
                        plain.prompts(),
                        plain.negative(),
                        plain.seed(),
                        plain.batch(),
                        plain.width(),
                        plain.height(),
                        plain.guidance(),
                        plain.plan(),
                        plain.loras(),
                        tokens,
                        List.of());
        return MemoryForecast.of(
                        DryDevice.ideal(DType.F32), ModelFolder.open(models.get("sd3")), request)
                .parts()
                .get(0)
                .scratchBytes();
    }

    private static Pipeline pipeline(Ops ops, String model) {
        return new Pipeline(ops, ModelFolder.open(models.get(model)), Residency.STREAM);
    }

    private static Settings request(int tokens) {
        return new Settings(
                List.of("goldfish"),
                "",
                1,
                1,
                64,
                64,
                new Guidance(1, false),
                Plans.uniform(1),
                List.of(),
                tokens,
                List.of());
    }
}
