package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.FormatException;
import glance.io.Images;
import glance.io.SafeWrite;
import glance.lora.LoraSpec;
import glance.schedule.PhasePlan;
import glance.schedule.Plans;
import glance.schedule.Step;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureTextTest {
    static final PhasePlan PLAN =
            new PhasePlan("two", List.of(new Step(1, 1, 0.5f, null), new Step(2, 0.5f, 0, null)));
    static final Settings SETTINGS =
            new Settings(
                    "models/tiny",
                    List.of("first", "second"),
                    " ",
                    7,
                    2,
                    new PictureSize(96, 64),
                    4.5f,
                    3.5f,
                    512,
                    Plans.find("glance"),
                    List.of(
                            new LoraSpec(Path.of("a.safetensors"), 0.5f, "slow"),
                            new LoraSpec(Path.of("b.safetensors"), 1, null)));

    @TempDir private Path folder;

    @Test
    void settings_travelInThePicture() {
        Path file = write(PictureText.of(SETTINGS, PLAN, "ein Bär\nund 三", 8));
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.prompt()).isEqualTo("ein Bär\nund 三");
        assertThat(recipe.negative()).isEqualTo(" ");
        assertThat(recipe.seed()).isEqualTo(8);
        assertThat(recipe.size()).isEqualTo(new PictureSize(96, 64));
        assertThat(recipe.guidance()).isEqualTo(4.5f);
        assertThat(recipe.embeddedGuidance()).isEqualTo(3.5f);
        assertThat(recipe.maxPromptTokens()).isEqualTo(512);
        assertThat(recipe.plan()).isEqualTo(Plans.find("glance"));
        assertThat(recipe.model()).isEqualTo("models/tiny");
        assertThat(recipe.adapters()).containsExactly("a.safetensors:0.5@slow", "b.safetensors");
    }

    @Test
    void sigmas_areRecorded() {
        assertThat(PictureText.of(SETTINGS, PLAN, "p", 1)).containsEntry("sigmas", "1.0 0.5 0.0");
    }

    @Test
    void pictureWithoutAdapters_hasNone() {
        Settings plain =
                new Settings(
                        "m",
                        List.of("p"),
                        " ",
                        1,
                        1,
                        new PictureSize(64, 64),
                        1,
                        0,
                        0,
                        Plans.find("full"),
                        List.of());
        assertThat(PictureText.read(write(PictureText.of(plain, PLAN, "p", 1))).adapters())
                .isEmpty();
    }

    @Test
    void pictureOfAnotherProgram_isRefused() {
        Path file = write(Map.of("Software", "other"));
        assertThatThrownBy(() -> PictureText.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll("picture.png", "has no settings in it");
    }

    @Test
    void damagedText_isRefusedByItsKey() {
        Map.of(
                        "seed", "seven",
                        "size", "64",
                        "guidance", "NaN",
                        "embedded_guidance", "-1",
                        "plan", "{",
                        "adapters", "a.safetensors\n".repeat(3000))
                .forEach(
                        (key, value) -> {
                            Map<String, String> text =
                                    new HashMap<>(PictureText.of(SETTINGS, PLAN, "p", 1));
                            text.put(key, value);
                            Path file = write(text);
                            assertThatThrownBy(() -> PictureText.read(file))
                                    .isInstanceOf(FormatException.class)
                                    .hasMessageContainingAll("picture.png: " + key + ": ");
                        });
    }

    @Test
    void longNames_areRefusedInOneShortLine() {
        Map<String, String> text = new HashMap<>(PictureText.of(SETTINGS, PLAN, "p", 1));
        text.put("adapters", ":".repeat(200_000));
        Path file = write(text);
        assertThatThrownBy(() -> PictureText.read(file))
                .isInstanceOf(FormatException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }

    @Test
    void otherPrograms_findTheSettingsToo() {
        assertThat(PictureText.of(SETTINGS, PLAN, "a, b", 8).get("parameters"))
                .startsWith(
                        "a, b\nSteps: 2, Sampler: Euler, CFG scale: 4.5, Distilled CFG Scale: 3.5,"
                                + " Seed: 8, Size: 96x64, Model: models/tiny, Version: ");
    }

    @Test
    void jpeg_carriesAllSettings() {
        String comment = PictureText.comment(SETTINGS, PLAN, "ein Bär:\n\"三\", \\", 8);
        Path file = folder.resolve("picture.jpg");
        SafeWrite.write(
                file,
                Images.jpeg(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), comment, 95));
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.isOwn()).isTrue();
        assertThat(recipe.prompt()).isEqualTo("ein Bär:\n\"三\", \\");
        assertThat(recipe.negative()).isEqualTo(" ");
        assertThat(recipe.plan()).isEqualTo(Plans.find("glance"));
        assertThat(recipe.adapters()).containsExactly("a.safetensors:0.5@slow", "b.safetensors");
    }

    @Test
    void pictureOfTheWebUi_isTakenOverAsFarAsItGoes() {
        Path file =
                write(
                        Map.of(
                                "parameters",
                                "a cat, <lora:fur:0.8> sitting\non a chair\n"
                                        + "Negative prompt: blurry, dark\n"
                                        + "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123,"
                                        + " Size: 512x768, Model: dreams, Clip skip: 2,"
                                        + " Lora hashes: \"fur: 12, x: 3\""));
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.isOwn()).isFalse();
        assertThat(recipe.prompt()).isEqualTo("a cat,  sitting\non a chair");
        assertThat(recipe.negative()).isEqualTo("blurry, dark");
        assertThat(recipe.plan()).isEqualTo(Plans.uniform(20));
        assertThat(recipe.guidance()).isEqualTo(7f);
        assertThat(recipe.seed()).isEqualTo(123);
        assertThat(recipe.size()).isEqualTo(new PictureSize(512, 768));
        assertThat(recipe.model()).isNull();
        assertThat(recipe.left())
                .containsExactly(
                        "<lora:fur:0.8>",
                        "Sampler (Euler a)",
                        "Model (dreams)",
                        "Clip skip (2)",
                        "Lora hashes (fur: 12, x: 3)");
    }

    @Test
    void valuesWithoutMeaningHere_areNamedAndLeftOut() {
        Path file =
                write(
                        Map.of(
                                "parameters",
                                "a cat\nSteps: 5000, CFG scale: NaN, Seed: -1, Size: big"));
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.plan()).isNull();
        assertThat(recipe.guidance()).isNull();
        assertThat(recipe.seed()).isNull();
        assertThat(recipe.size()).isNull();
        assertThat(recipe.left())
                .containsExactly("Steps (5000)", "CFG scale (NaN)", "Seed (-1)", "Size (big)");
    }

    @Test
    void ownSettings_winOverThoseForOtherPrograms() {
        Map<String, String> text = new HashMap<>(PictureText.of(SETTINGS, PLAN, "ours", 8));
        text.put("parameters", "theirs\nSteps: 3, Seed: 1");
        PictureText.Recipe recipe = PictureText.read(write(text));
        assertThat(recipe.prompt()).isEqualTo("ours");
        assertThat(recipe.seed()).isEqualTo(8);
    }

    private Path write(Map<String, String> text) {
        Path file = folder.resolve("picture.png");
        Images.writePng(file, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), text);
        return file;
    }
}
