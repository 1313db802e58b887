package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.FormatException;
import glance.io.Images;
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
    private static final PhasePlan PLAN =
            new PhasePlan("two", List.of(new Step(1, 1, 0.5f, null), new Step(2, 0.5f, 0, null)));
    private static final Settings SETTINGS =
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
                .hasMessageContainingAll("picture.png", "prompt", "is not among the texts");
    }

    @Test
    void damagedText_isRefusedByItsKey() {
        Map.of("seed", "seven", "size", "64", "guidance", "much", "plan", "{")
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

    private Path write(Map<String, String> text) {
        Path file = folder.resolve("picture.png");
        Images.writePng(file, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), text);
        return file;
    }
}
