package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.AdapterSide;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.ModelParts;
import glance.api.Plans;
import glance.api.Request.Size;
import glance.api.Strength;
import glance.io.Images;
import glance.io.SafeWrite;
import glance.model.GuidanceForm;
import glance.pipeline.Guidance;
import glance.pipeline.Settings;
import glance.schedule.PhasePlan;
import glance.schedule.PlanJson;
import glance.schedule.Step;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class PictureTextTest {
    public static final Origin ORIGIN =
            new Origin(
                    "models/tiny",
                    ModelParts.NONE.transformer(Path.of("x=y.gguf")).textEncoder(2, Path.of("t5")),
                    new Settings(
                            List.of("first", "second"),
                            " ",
                            7,
                            2,
                            96,
                            64,
                            new Guidance(4.5f, true, 3.5f),
                            Plans.GLANCE,
                            List.of(
                                    Lora.of(Path.of("a.safetensors")).strength(0.5f).on("slow"),
                                    Lora.of(Path.of("b.safetensors"))
                                            .strength(Strength.ramp(0.2f, 1))
                                            .on("0%-25%")),
                            512,
                            List.of()),
                    new PhasePlan(
                            "two",
                            List.of(new Step(1, 1, 0.5f, null), new Step(2, 0.5f, 0, null))));

    @TempDir private Path folder;

    @Test
    void settings_travelInThePicture() {
        Path file = write(PictureText.of(ORIGIN, "ein Bär\nund 三", 8));
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.request().prompts()).containsExactly("ein Bär\nund 三");
        assertThat(recipe.request().negative()).contains(" ");
        assertThat(recipe.request().seed()).contains(8L);
        assertThat(recipe.request().size()).contains(new Size(96, 64));
        assertThat(recipe.request().guidance()).contains(4.5f);
        assertThat(recipe.request().embeddedGuidance()).contains(3.5f);
        assertThat(recipe.request().maxPromptTokens()).contains(512);
        assertThat(recipe.request().plan()).contains(PlanJson.find("glance"));
        assertThat(recipe.model()).isEqualTo("models/tiny");
        assertThat(recipe.adapters())
                .containsExactly("a.safetensors:0.5@slow", "b.safetensors:0.2..1@0%-25%");
    }

    @Test
    void adaptersOnThePositiveSide_areKept() {
        Settings own = ORIGIN.settings();
        Guidance guidance =
                new Guidance(4, GuidanceForm.FROM_NEGATIVE, true, 0, 0, AdapterSide.POSITIVE);
        Settings positive =
                new Settings(own.prompts(), "", 7, 1, 96, 64, guidance, own.plan(), List.of());
        Map<String, String> text =
                PictureText.of(new Origin("m", ModelParts.NONE, positive, ORIGIN.plan()), "p", 1);
        assertThat(text).containsEntry("adapters_on", "positive");
        PictureText.Recipe recipe = PictureText.read(write(text));
        assertThat(recipe.requestFor(1).adaptersOn()).contains(AdapterSide.POSITIVE);
        PictureText.Recipe usual = PictureText.read(write(PictureText.of(ORIGIN, "p", 1)));
        assertThat(usual.requestFor(1).adaptersOn()).contains(AdapterSide.BOTH);
    }

    /** Our own number is the model card's; other programs read a scale that is off at 1. */
    @Test
    void guidanceFromZero_isKeptAndToldToOthersAsTheyCount() {
        Settings own = ORIGIN.settings();
        Settings fromZero =
                new Settings(
                        own.prompts(),
                        "",
                        7,
                        1,
                        96,
                        64,
                        new Guidance(4, GuidanceForm.BEYOND_PROMPT, false, 1.5f, 0),
                        own.plan(),
                        List.of());
        Map<String, String> text =
                PictureText.of(new Origin("m", ModelParts.NONE, fromZero, ORIGIN.plan()), "p", 1);
        assertThat(text).containsEntry("guidance", "4.0").containsEntry("guidance_limit", "1.5");
        assertThat(text.get("parameters")).contains("CFG scale: 5.0");
        PictureText.Recipe recipe = PictureText.read(write(text));
        assertThat(recipe.requestFor(0).guidance()).contains(4f);
        assertThat(recipe.requestFor(0).guidanceLimit()).contains(1.5f);
        // replayed with a model that counts from 1, and the other way round
        assertThat(recipe.requestFor(1).guidance()).contains(5f);
        PictureText.Recipe fromOne = PictureText.read(write(PictureText.of(ORIGIN, "p", 1)));
        assertThat(fromOne.requestFor(1).guidance()).contains(4.5f);
        assertThat(fromOne.requestFor(0).guidance()).contains(3.5f);
        PictureText.Recipe foreign =
                PictureText.read(write(Map.of("parameters", text.get("parameters"))));
        assertThat(foreign.requestFor(0).guidance()).contains(4f);
        assertThat(foreign.requestFor(1).guidance()).contains(5f);
    }

    @Test
    void sigmas_areRecorded() {
        assertThat(PictureText.of(ORIGIN, "p", 1)).containsEntry("sigmas", "1.0 0.5 0.0");
    }

    @Test
    void pictureWithoutAdapters_hasNone() {
        Origin plain =
                new Origin(
                        "m",
                        ModelParts.NONE,
                        ORIGIN.settings().withLoras(List.of()),
                        ORIGIN.plan());
        assertThat(PictureText.read(write(PictureText.of(plain, "p", 1))).adapters()).isEmpty();
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
                                    new HashMap<>(PictureText.of(ORIGIN, "p", 1));
                            text.put(key, value);
                            Path file = write(text);
                            assertThatThrownBy(() -> PictureText.read(file))
                                    .isInstanceOf(FormatException.class)
                                    .hasMessageContainingAll("picture.png: " + key + ": ");
                        });
    }

    @Test
    void longNames_areRefusedInOneShortLine() {
        Map<String, String> text = new HashMap<>(PictureText.of(ORIGIN, "p", 1));
        text.put("adapters", ":".repeat(200_000));
        Path file = write(text);
        assertThatThrownBy(() -> PictureText.read(file))
                .isInstanceOf(FormatException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }

    @Test
    void otherPrograms_findTheSettingsToo() {
        assertThat(PictureText.of(ORIGIN, "a, b", 8).get("parameters"))
                .startsWith(
                        "a, b\nSteps: 2, Sampler: Euler, CFG scale: 4.5, Distilled CFG Scale: 3.5,"
                                + " Seed: 8, Size: 96x64, Model: models/tiny, Version: ");
    }

    @Test
    void jpeg_carriesAllSettings() {
        String comment = PictureText.comment(ORIGIN, "ein Bär:\n\"三\", \\", 8);
        Path file = folder.resolve("picture.jpg");
        SafeWrite.write(
                file,
                Images.jpeg(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), comment, 95));
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.isOwn()).isTrue();
        assertThat(recipe.request().prompts()).containsExactly("ein Bär:\n\"三\", \\");
        assertThat(recipe.request().negative()).contains(" ");
        assertThat(recipe.request().plan()).contains(PlanJson.find("glance"));
        assertThat(recipe.adapters())
                .containsExactly("a.safetensors:0.5@slow", "b.safetensors:0.2..1@0%-25%");
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
        assertThat(recipe.request().prompts()).containsExactly("a cat,  sitting\non a chair");
        assertThat(recipe.request().negative()).contains("blurry, dark");
        assertThat(recipe.request().plan()).contains(Plans.uniform(20));
        assertThat(recipe.request().guidance()).contains(7f);
        assertThat(recipe.request().seed()).contains(123L);
        assertThat(recipe.request().size()).contains(new Size(512, 768));
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
        assertThat(recipe.request().plan()).isEmpty();
        assertThat(recipe.request().guidance()).isEmpty();
        assertThat(recipe.request().seed()).isEmpty();
        assertThat(recipe.request().size()).isEmpty();
        assertThat(recipe.left())
                .containsExactly("Steps (5000)", "CFG scale (NaN)", "Seed (-1)", "Size (big)");
    }

    @Test
    void ownSettings_winOverThoseForOtherPrograms() {
        Map<String, String> text = new HashMap<>(PictureText.of(ORIGIN, "ours", 8));
        text.put("parameters", "theirs\nSteps: 3, Seed: 1");
        PictureText.Recipe recipe = PictureText.read(write(text));
        assertThat(recipe.request().prompts()).containsExactly("ours");
        assertThat(recipe.request().seed()).contains(8L);
    }

    private Path write(Map<String, String> text) {
        Path file = folder.resolve("picture.png");
        Images.writePng(file, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), text);
        return file;
    }
}
