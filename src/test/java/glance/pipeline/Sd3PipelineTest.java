package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.api.Residency;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinySd3;
import glance.io.ModelFolder;
import glance.schedule.Step;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Sd3PipelineTest {
    @TempDir private static Path folder;
    @TempDir private static Path withoutT5;

    @BeforeAll
    static void write() {
        TinySd3.in(folder).adapter("transformer_blocks.1.attn.to_k", 32, 32);
        TinySd3.withoutT5(withoutT5);
    }

    private static int[] pixels(Path model, String prompt, List<Lora> loras) {
        return Runs.pixels(model, prompt, "glance", loras);
    }

    @Test
    void run_samePrompt_isTheSamePicture() {
        int[] red = pixels(folder, "a red circle", List.of());
        assertThat(red).hasSize(16 * 16);
        assertThat(pixels(folder, "a red circle", List.of())).isEqualTo(red);
        assertThat(pixels(folder, "a blue star", List.of())).isNotEqualTo(red);
    }

    @Test
    void run_withoutT5_stillSeesThePrompt() {
        int[] red = pixels(withoutT5, "a red circle", List.of());
        assertThat(pixels(withoutT5, "a blue star", List.of())).isNotEqualTo(red);
        assertThat(pixels(folder, "a red circle", List.of())).isNotEqualTo(red);
    }

    /** SD3 medium norms no heads, 3.5 large has no second attention. */
    @ParameterizedTest
    @ValueSource(strings = {"\"qk_norm\": null", "\"qk_norm\": \"rms_norm\""})
    void run_otherVersions_drawThePrompt(String layout, @TempDir Path other) {
        TinySd3.withoutT5(other, layout);
        int[] red = pixels(other, "a red circle", List.of());
        assertThat(pixels(other, "a red circle", List.of())).isEqualTo(red);
        assertThat(pixels(other, "a blue star", List.of())).isNotEqualTo(red);
        assertThat(pixels(withoutT5, "a red circle", List.of())).isNotEqualTo(red);
    }

    @Test
    void run_adapterOfOnePhase_changesThePicture() {
        Path file = folder.resolve("adapter.safetensors");
        int[] with = pixels(folder, "a star", List.of(Lora.parse(file.toString()).on("fast")));
        assertThat(with).isNotEqualTo(pixels(folder, "a star", List.of()));
    }

    @Test
    void run_batch_isThePicturesOneByOne() {
        Fixture.onCpu(
                ops -> {
                    Pipeline pipeline =
                            new Pipeline(ops, ModelFolder.open(folder), Residency.STREAM);
                    RunListener silent = new RunListener() {};
                    Settings both = Runs.request(folder, "a star", "uniform-2", 2, List.of());
                    Settings one = Runs.request(folder, "a star", "uniform-2", 1, List.of());
                    List<ImageResult> results = pipeline.run(both, silent);
                    ImageResult alone = pipeline.run(one, silent).get(0);
                    assertThat(results.get(0).picture().getRGB(3, 5))
                            .isEqualTo(alone.picture().getRGB(3, 5));
                    assertThat(results).extracting(ImageResult::seed).containsExactly(7L, 8L);
                });
    }

    @Test
    void plan_full_isTheSchedulersOwnGrid() {
        Fixture.onCpu(
                ops -> {
                    Pipeline pipeline =
                            new Pipeline(ops, ModelFolder.open(folder), Residency.STREAM);
                    Settings request = Runs.request(folder, "x", "full", 1, List.of());
                    List<Step> steps = pipeline.plan(request).steps();
                    assertThat(steps).hasSize(50);
                    assertThat(steps.get(0).sigma()).isEqualTo(1);
                    // shift 3 bends 1 / 1000 twice
                    double once = 3e-3 / (1 + 2e-3);
                    assertThat((double) steps.get(49).sigma())
                            .isCloseTo(
                                    3 * once / (1 + 2 * once),
                                    org.assertj.core.api.Assertions.within(1e-6));
                });
    }

    @Test
    void forecast_isThatOfARun() {
        Fixture.onCpu(
                ops -> {
                    MemoryForecast forecast =
                            MemoryForecast.of(ops.device(), ModelFolder.open(folder));
                    assertThat(forecast.parts())
                            .extracting(MemoryForecast.Part::name)
                            .containsExactly("text encoder", "transformer", "autoencoder");
                });
    }
}
