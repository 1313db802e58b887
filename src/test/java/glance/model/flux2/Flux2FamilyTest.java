package glance.model.flux2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.Request.Size;
import glance.api.RequestException;
import glance.fixtures.Fixture;
import glance.fixtures.TinyFlux2;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.PromptEncoder;
import glance.model.TokenGrid;
import glance.model.Velocity;
import glance.model.text.ChatTemplate;
import glance.model.text.TextBatch;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Flux2FamilyTest {
    private static final Family FAMILY = new Flux2Family();

    @TempDir private static Path folder;
    private static ModelFolder base;

    @BeforeAll
    static void write() {
        base = ModelFolder.open(TinyFlux2.base(folder.resolve("base")).path());
    }

    @Test
    void index_saysWhetherTheModelIsDistilled() {
        Family.Defaults slow = FAMILY.defaults(base);
        assertThat(slow.plan().name()).isEqualTo("full");
        assertThat(slow.guidance()).isEqualTo(4);
        assertThat(slow.negative()).isEmpty();
        ModelFolder distilled =
                ModelFolder.open(TinyFlux2.distilled(folder.resolve("distilled")).path());
        assertThat(FAMILY.defaults(distilled).plan().name()).isEqualTo("uniform-4");
        assertThat(FAMILY.defaults(distilled).guidance()).isEqualTo(1);
    }

    @Test
    void prompt_isPaddedAndDoesNotThink() {
        withEncoder(
                (ops, encoder) -> {
                    int[] ids = encoder.tokenIds("a red circle");
                    assertThat(ids).hasSize(512);
                    try (Tokenizer tokenizer = Tokenizer.load(base.component("tokenizer"))) {
                        String text =
                                ChatTemplate.before() + "a red circle" + ChatTemplate.after(false);
                        int[] real = tokenizer.encode(text);
                        assertThat(ids).startsWith(real);
                        assertThat(Arrays.copyOfRange(ids, real.length, 512))
                                .containsOnly(tokenizer.padId());
                    }
                    TextBatch batch = encoder.encode(ops, List.of("a", "a red circle"));
                    assertThat(batch.embeddings().shape()).isEqualTo(Shape.of(2, 512, 3 * 32));
                });
    }

    /** Three vectors and those of the last norm, whatever the number of blocks and prompts. */
    @Test
    void conditioning_isOneRowForEachStep() {
        withEncoder(
                (ops, encoder) -> {
                    TextBatch text = encoder.encode(ops, List.of("a", "a red circle"));
                    try (Denoiser denoiser = FAMILY.openDenoiser(ops, base)) {
                        Canvas canvas = new Canvas(new TokenGrid(2, 2));
                        Velocity velocity =
                                denoiser.prepare(ops, text, new float[] {1, 0.5f}, canvas, 0);
                        assertThat(velocity.conditioning().vectors())
                                .extracting(Tensor::shape)
                                .containsExactly(
                                        Shape.of(2, 192),
                                        Shape.of(2, 192),
                                        Shape.of(2, 96),
                                        Shape.of(2, 64));
                    }
                });
    }

    private static void withEncoder(BiConsumer<Ops, PromptEncoder> test) {
        Fixture.onCpu(
                ops -> {
                    try (PromptEncoder encoder = FAMILY.openPromptEncoder(ops, base)) {
                        test.accept(ops, encoder);
                    }
                });
    }

    @Test
    void references_standTenApart() {
        Canvas canvas =
                new Canvas(
                        new TokenGrid(1, 2),
                        List.of(
                                new Canvas.Reference(null, new TokenGrid(1, 1)),
                                new Canvas.Reference(null, new TokenGrid(2, 1))));
        withTransformer(
                false,
                (ops, transformer) -> {
                    Rope rope = transformer.positions(ops, 3, canvas);
                    FloatBuffer cos = ops.host().floats(rope.cos());
                    // the first frequency of each axis is 1; an axis has 4 of the 16 dimensions
                    int[][] places = {
                        {0, 0, 0, 0},
                        {0, 0, 0, 1},
                        {0, 0, 0, 2},
                        {0, 0, 0, 0},
                        {0, 0, 1, 0},
                        {10, 0, 0, 0},
                        {20, 0, 0, 0},
                        {20, 1, 0, 0}
                    };
                    assertThat(rope.cos().dim(0)).isEqualTo(places.length);
                    for (int row = 0; row < places.length; row++) {
                        for (int axis = 0; axis < 4; axis++) {
                            assertThat(cos.get(8 * row + 2 * axis))
                                    .as("%d, axis %d", row, axis)
                                    .isCloseTo((float) Math.cos(places[row][axis]), within(1e-6f));
                        }
                    }
                });
    }

    @Test
    void guidanceEmbeds_makeTheScaleAnInput() {
        withTransformer(
                true, (ops, t) -> assertThat(image(ops, t, 1)).isNotEqualTo(image(ops, t, 4)));
        withTransformer(
                false, (ops, t) -> assertThat(image(ops, t, 1)).isEqualTo(image(ops, t, 4)));
    }

    private static FloatBuffer image(Ops ops, Flux2Transformer transformer, float scale) {
        float[] sigmas = {0.5f};
        return ops.host().floats(transformer.modulation(ops, sigmas, new float[] {scale}).image());
    }

    private static void withTransformer(boolean guidance, BiConsumer<Ops, Flux2Transformer> test) {
        Config config = base.config("transformer").with(Map.of("guidance_embeds", guidance));
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.random(base.path(), DType.F32);
                            Flux2Transformer transformer =
                                    new Flux2Transformer(ops, Flux2Config.of(config), weights)) {
                        test.accept(ops, transformer);
                    }
                });
    }

    /** Widths and heights of Flux2KleinPipeline. */
    @Test
    void references_areSmallEnoughAndWholeTokens() {
        Flux2References rules = new Flux2References(16);
        assertThat(rules.result(1000, 700)).isEqualTo(new Size(992, 688));
        assertThat(rules.result(3000, 2000)).isEqualTo(new Size(1248, 832));
        assertThat(rules.result(64, 512)).isEqualTo(new Size(64, 512));
        assertThat(rules.result(16000, 2000)).isEqualTo(new Size(2896, 352));
        BufferedImage seen = rules.seen(picture(90, 71));
        assertThat(seen.getWidth()).isEqualTo(80);
        assertThat(seen.getHeight()).isEqualTo(64);
    }

    /** What Flux2ImageProcessor refuses. */
    @ParameterizedTest
    @CsvSource({"63, 80", "80, 63", "64, 513", "513, 64", "16001, 2000"})
    void reference_ofAnExtremeSize_isRefused(int width, int height) {
        Flux2References rules = new Flux2References(16);
        assertThatThrownBy(() -> rules.result(width, height))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("reference picture of " + width + "x" + height)
                .hasMessageContainingAll("64 pixels or more", "8 times", "scale or crop it");
        if (width < 1000) {
            assertThatThrownBy(() -> rules.seen(picture(width, height)))
                    .isInstanceOf(RequestException.class);
        }
    }

    private static BufferedImage picture(int width, int height) {
        return new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    }
}
