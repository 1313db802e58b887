package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.Drawn;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinyQwenImageEdit;
import glance.fixtures.TinySd3;
import glance.fixtures.TinyZImage;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each option of {@code generate}, and {@code compare}, on every family that is not built in. */
class FamilyOptionsTest {
    private static final Map<String, String> PROMPTS =
            Map.of(
                    "flux",
                    "a red circle",
                    "schnell",
                    "a star",
                    "sd3",
                    "a star",
                    "dit",
                    "goldfish",
                    "flux2",
                    "a star",
                    "krea-2",
                    "a star",
                    "z-image",
                    "a star",
                    "edit",
                    "a star");
    private static final Map<String, String> NEGATIVES =
            Map.of(
                    "flux", "blue", "schnell", "blue", "sd3", "blue", "dit", "crane", "flux2",
                    "blue", "krea-2", "blue", "z-image", "blue", "edit", "blue");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private static Path models;
    @TempDir private Path folder;

    @BeforeAll
    static void write() {
        TinyFlux.dev(models.resolve("flux"));
        TinyFlux.schnell(models.resolve("schnell"));
        TinyFlux2.distilled(models.resolve("flux2"));
        TinySd3.in(models.resolve("sd3"));
        TinyDit.in(models.resolve("dit"));
        TinyKrea2.turbo(models.resolve("krea-2"));
        TinyQwenImageEdit.plus(models.resolve("edit"));
        TinyZImage.turbo(models.resolve("z-image"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "schnell", "flux2", "sd3", "dit", "krea-2", "z-image", "edit"})
    void guidanceAndNegative_bothReachThePicture(String family) {
        int[] plain = picture(family, "plain.png", "--guidance", "1");
        int[] led = picture(family, "led.png", "--guidance", "3");
        int[] away =
                picture(family, "away.png", "--guidance", "3", "--negative", NEGATIVES.get(family));
        assertThat(led).isNotEqualTo(plain);
        assertThat(away).isNotEqualTo(plain).isNotEqualTo(led);
        int[] again = pictureFrom("away.png", "again.png");
        assertThat(again).isEqualTo(away);
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "schnell", "flux2", "sd3", "dit", "krea-2", "z-image", "edit"})
    void batchAndPreviews_areWritten(String family) {
        picture(family, "one.png", "--batch", "2", "--preview", "1");
        assertThat(names())
                .containsExactlyInAnyOrder(
                        "one-1.png",
                        "one-2.png",
                        "one-1-step01.png",
                        "one-1-step02.png",
                        "one-2-step01.png",
                        "one-2-step02.png");
        int[] second = pixels(folder.resolve("one-2.png"));
        assertThat(picture(family, "alone.png", "--seed", "6")).isEqualTo(second);
        assertThat(pixels(folder.resolve("one-2-step02.png"))).isEqualTo(second);
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "schnell", "flux2", "sd3", "dit", "krea-2", "z-image", "edit"})
    void pictureToStartFrom_reachesThePicture(String family) {
        String photo = Drawn.photo(folder.resolve("photo.png"), 16, 16).toString();
        String red = Drawn.png(folder.resolve("red.png"), 16, 16, (x, y) -> 0xff0000).toString();
        String left =
                Drawn.png(folder.resolve("left.png"), 16, 16, (x, y) -> x < 8 ? 0xffffff : 0)
                        .toString();
        int[] from = picture(family, "from.png", "--init", photo, "--strength", "0.5");
        assertThat(err.toString()).contains("the last 1 of 2 steps");
        assertThat(from).isNotEqualTo(picture(family, "plain.png"));
        assertThat(picture(family, "other.png", "--init", red, "--strength", "0.5"))
                .isNotEqualTo(from);
        int[] half = picture(family, "half.png", "--init", photo, "--mask", left, "--batch", "1");
        assertThat(pictureFrom("half.png", "again.png")).isEqualTo(half);
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "schnell", "flux2", "sd3", "dit", "krea-2", "z-image", "edit"})
    void ownDefaults_areKeptInThePicture(String family) {
        List<String> args = new ArrayList<>(List.of("generate", PROMPTS.get(family)));
        args.addAll(List.of("--model", model(family), "--size", "16x16"));
        args.addAll(List.of("--out", folder.resolve("own.png").toString()));
        run(args);
        Map<String, String> steps =
                Map.of(
                        "flux", "10", "schnell", "4", "flux2", "4", "sd3", "28", "dit", "50",
                        "krea-2", "8", "z-image", "9", "edit", "40");
        assertThat(err.toString()).contains(steps.get(family) + " steps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "schnell", "flux2", "sd3", "dit", "krea-2", "z-image", "edit"})
    void compare_measuresRunsAgainstTheTeacher(String family) throws IOException {
        List<String> args = new ArrayList<>(List.of("compare", PROMPTS.get(family)));
        args.addAll(List.of("--model", model(family), "--size", "16x16", "--teacher", "uniform-4"));
        args.addAll(List.of("--plans", "uniform-4,uniform-2", "--out", folder + "/report"));
        run(args);
        JsonNode report =
                new ObjectMapper().readTree(folder.resolve("report/results.json").toFile());
        assertThat(report.findValuesAsText("name")).contains("teacher", "uniform-4", "uniform-2");
        assertThat(out.toString()).contains("teacher", "PSNR dB", "uniform-2");
        assertThat(folder.resolve("report/sheet.png")).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"flux", "schnell", "flux2", "sd3"})
    void maxPromptTokens_reachThePicture_andItsText(String family) {
        int[] plain = picture(family, "plain.png");
        int[] few = picture(family, "few.png", "--max-prompt-tokens", "16");
        assertThat(few).isNotEqualTo(plain);
        assertThat(Images.readText(folder.resolve("few.png")))
                .containsEntry("max_prompt_tokens", "16");
        assertThat(pictureFrom("few.png", "again.png")).isEqualTo(few);
        assertThat(pictureFrom("plain.png", "plain-again.png")).isEqualTo(plain);
    }

    @Test
    void maxPromptTokens_beyondTheModel_areWrongUse() {
        for (String family : List.of("flux", "dit")) {
            for (String command : List.of("generate", "compare")) {
                int exit =
                        Engine.run(
                                new PrintStream(out, true, StandardCharsets.UTF_8),
                                new PrintStream(err, true, StandardCharsets.UTF_8),
                                new StopRequest(),
                                command,
                                PROMPTS.get(family),
                                "--model",
                                model(family),
                                "--max-prompt-tokens",
                                "513");
                assertThat(exit).isEqualTo(ExitCode.WRONG_USE);
            }
        }
        assertThat(err.toString())
                .contains("--max-prompt-tokens: 513 prompt tokens: this model reads 1 to 512")
                .contains("has no text encoder");
    }

    private static String model(String family) {
        return models.resolve(family).toString();
    }

    private int[] picture(String family, String name, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", PROMPTS.get(family)));
        args.addAll(List.of("--model", model(family), "--size", "16x16", "--plan", "uniform-2"));
        args.addAll(List.of("--out", folder.resolve(name).toString()));
        if (!List.of(more).contains("--seed")) {
            args.addAll(List.of("--seed", "5"));
        }
        args.addAll(List.of(more));
        run(args);
        Path file = folder.resolve(name);
        return Files.exists(file) ? pixels(file) : new int[0];
    }

    private int[] pictureFrom(String source, String name) {
        Path file = folder.resolve(name);
        run(
                List.of(
                        "generate",
                        "--from",
                        folder.resolve(source).toString(),
                        "--out",
                        file.toString()));
        return pixels(file);
    }

    private List<String> names() {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int[] pixels(Path file) {
        BufferedImage picture = Images.read(file);
        int width = picture.getWidth();
        return picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    }

    private void run(List<String> args) {
        err.reset();
        int exit =
                Engine.run(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new StopRequest(),
                        args.toArray(String[]::new));
        assertThat(exit).as(err.toString()).isZero();
    }
}
