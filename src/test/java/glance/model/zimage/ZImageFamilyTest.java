package glance.model.zimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.api.Lora;
import glance.api.Request;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyZImage;
import glance.io.ModelFolder;
import glance.io.PartSource;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.PromptEncoder;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.pipeline.Settings;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZImageFamilyTest {
    private static final ZImageFamily FAMILY = new ZImageFamily();

    @TempDir private Path folder;

    /** Half becomes 3/4 under a shift of 3 and 6/7 under one of 6. */
    @ParameterizedTest
    @CsvSource({
        "z_image_turbo_bf16.safetensors, uniform-9, 0, 0.75",
        "z_image_bf16.safetensors, full, 4, 0.85714287",
        "Z-Image-Q4_K.gguf, full, 4, 0.85714287",
        "mine.safetensors, uniform-9, 0, 0.75"
    })
    void defaults_ofAFile_followItsName(String file, String plan, float guidance, float half) {
        ModelFolder model = ModelFolder.open(TinyZImage.turbo(folder).path());
        ModelFolder with = model.with("transformer", PartSource.folder(folder.resolve(file)));
        assertThat(FAMILY.defaults(with).plan().name()).isEqualTo(plan);
        assertThat(FAMILY.defaults(with).guidance()).isEqualTo(guidance);
        assertThat(FAMILY.schedule(with).sigmas(2, 4096)).containsExactly(1, half, 0);
    }

    @Test
    void defaults_ofAFolder_followItsShift() {
        ModelFolder turbo = ModelFolder.open(TinyZImage.turbo(folder.resolve("t")).path());
        ModelFolder base = ModelFolder.open(TinyZImage.base(folder.resolve("b")).path());
        assertThat(FAMILY.defaults(turbo).guidance()).isZero();
        assertThat(FAMILY.defaults(base).guidance()).isEqualTo(4);
    }

    /** What a plan advises is the same for all models, however their cards count. */
    @Test
    void planWithoutGuidance_turnsItOff() {
        ModelFolder base = ModelFolder.open(TinyZImage.base(folder).path());
        Settings settings = Settings.of(Request.of("a star").plan("lightning-4"), base);
        assertThat(settings.guidance().number()).isZero();
        assertThat(settings.guidance().isActive()).isFalse();
    }

    /** One caption fills 32 places and the other 64, so their pictures are at other positions. */
    @Test
    void batchOfTexts_isEachAlone() {
        ModelFolder model = ModelFolder.open(TinyZImage.turbo(folder).path());
        String words = "a red circle left of a blue star ".repeat(4);
        Fixture.onCpu(
                ops -> {
                    try (PromptEncoder encoder = FAMILY.openPromptEncoder(ops, model);
                            Denoiser denoiser = FAMILY.openDenoiser(ops, model)) {
                        assertThat(encoder.tokenIds(words).length).isBetween(33, 64);
                        float[] both = predicted(ops, encoder, denoiser, "a star", words);
                        float[] one = predicted(ops, encoder, denoiser, "a star");
                        float[] other = predicted(ops, encoder, denoiser, words);
                        for (int i = 0; i < one.length; i++) {
                            assertThat(both[i]).isCloseTo(one[i], within(1e-4f));
                            assertThat(both[one.length + i]).isCloseTo(other[i], within(1e-4f));
                        }
                        assertThat(one).isNotEqualTo(other);
                    }
                });
    }

    private static float[] predicted(
            Ops ops, PromptEncoder encoder, Denoiser denoiser, String... prompts) {
        TokenGrid grid = new TokenGrid(3, 5);
        TextBatch text = encoder.encode(ops, List.of(prompts));
        float[] noise = new float[prompts.length * grid.tokens() * 16];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (float) Math.sin(i % (grid.tokens() * 16));
        }
        Tensor latents = ops.host().floats(Shape.of(prompts.length, grid.tokens(), 16), noise);
        Tensor velocity =
                denoiser.prepare(ops, text, new float[] {0.5f}, new Canvas(grid), 0)
                        .at(ops, latents, 0);
        FloatBuffer values = ops.host().floats(velocity);
        float[] result = new float[values.remaining()];
        values.get(result);
        return result;
    }

    /** The text is refined once for each strength, and steps of another strength see their own. */
    @Test
    void adapterOfTheTextsBlocks_actsInTheStepsItIsFor_withTheirStrengths() {
        TinyFolder model = TinyZImage.turbo(folder);
        Path file = model.adapter("context_refiner.0.attention.to_v", 32, 32);
        int[] plain = draw(List.of());
        int[] first = draw(List.of(Lora.of(file).on("1")));
        int[] both = draw(List.of(Lora.of(file)));
        int[] falling = draw(List.of(Lora.of(file).on("1"), Lora.of(file).strength(0.5f).on("2")));
        assertThat(first).isNotEqualTo(plain);
        assertThat(both).isNotEqualTo(first);
        assertThat(falling).isNotEqualTo(both).isNotEqualTo(first);
    }

    private int[] draw(List<Lora> loras) {
        return Runs.pixels(folder, "a star", "uniform-2", loras);
    }
}
