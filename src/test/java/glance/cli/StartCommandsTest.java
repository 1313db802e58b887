package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.StopRequest;
import glance.fixtures.Drawn;
import glance.fixtures.TinyFlux;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drawing that starts from a picture. */
class StartCommandsTest {
    private static final String ERROR = "glance-engine: error: ";

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;
    private Path model;
    private Path photo;
    private Path mask;

    @BeforeEach
    void write() {
        model = TinyFlux.schnell(folder.resolve("model"));
        photo = Drawn.photo(folder.resolve("photo.png"), 32, 24);
        mask = Drawn.rightOf(folder.resolve("mask.png"), 32, 24, 16);
    }

    @Test
    void init_reachesThePictureAndNothingElseChanges() {
        Path noise = generate("noise.png");
        Path from = generate("from.png", "--init", photo.toString());
        assertThat(err.toString()).contains("plan uniform-4 (the last 3 of 4 steps)");
        assertThat(pixels(from)).isNotEqualTo(pixels(noise));
        assertThat(pixels(generate("weak.png", "--init", photo.toString(), "--strength", "0.2")))
                .isNotEqualTo(pixels(from));
        assertThat(pixels(generate("same.png", "--init-img", photo.toString())))
                .isEqualTo(pixels(from));
        assertThat(pixels(generate("full.png", "--init", photo.toString(), "--strength", "1")))
                .isNotEqualTo(pixels(from));
    }

    @Test
    void mask_keepsThePixelsOfThePictureFarFromItsEdge() {
        int[] own = pixels(photo);
        int[] pasted =
                pixels(generate("a.png", "--init", photo.toString(), "--mask", mask.toString()));
        int[] back =
                pixels(
                        generate(
                                "b.png",
                                "--init",
                                photo.toString(),
                                "--mask",
                                mask.toString(),
                                "--no-paste"));
        for (int i = 0; i < own.length; i++) {
            int x = i % 32;
            if (x < 12) {
                assertThat(pasted[i]).isEqualTo(own[i]);
            } else if (x >= 16) {
                assertThat(pasted[i]).isEqualTo(back[i]);
            }
        }
        assertThat(back).isNotEqualTo(pasted);
    }

    @Test
    void extend_growsTheCanvasAroundThePicture() {
        // the model's usual 256 x 256 would scale so small a picture
        Path file =
                generate(
                        "c.png",
                        "--init",
                        photo.toString(),
                        "--extend",
                        "8,0,4,8",
                        "--size",
                        "44x32");
        BufferedImage made = Images.read(file);
        BufferedImage own = Images.read(photo);
        assertThat(made.getWidth()).isEqualTo(44);
        assertThat(made.getHeight()).isEqualTo(32);
        assertThat(made.getRGB(8 + 12, 5)).isEqualTo(own.getRGB(12, 5));
    }

    @Test
    void severalPromptsAndABatch_startFromTheSamePicture() {
        Path out = folder.resolve("many");
        int code =
                execute(
                        "generate",
                        "a red star",
                        "a blue circle",
                        "--batch",
                        "2",
                        "--model",
                        model.toString(),
                        "--plan",
                        "uniform-2",
                        "--size",
                        "32x24",
                        "--seed",
                        "1",
                        "--init",
                        photo.toString(),
                        "--mask",
                        mask.toString(),
                        "--out",
                        out + "/");
        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toFile().listFiles()).hasSize(4);
    }

    @Test
    void replay_findsTheFilesOrAsksForThem() throws IOException {
        String[] start = {
            "--init", photo.toString(), "--mask", mask.toString(), "--strength", "0.8", "--no-paste"
        };
        Path first = generate("first.png", start);
        Map<String, String> text = Images.readText(first);
        assertThat(text.get("init")).endsWith(" " + photo);
        assertThat(text.get("mask")).endsWith(" " + mask);
        assertThat(text).containsEntry("strength", "0.8").containsEntry("paste", "false");
        assertThat(text.get("parameters")).contains("Denoising strength: 0.8");

        Path again = folder.resolve("again.png");
        assertThat(execute("generate", "--from", first.toString(), "--out", again.toString()))
                .as(err.toString())
                .isZero();
        assertThat(pixels(again)).isEqualTo(pixels(first));
        assertThat(err.toString()).contains("names these files:", "photo.png", "mask.png");

        Path moved = Files.move(mask, folder.resolve("moved.png"));
        assertThat(execute("generate", "--from", first.toString(), "--out", "x.png")).isEqualTo(1);
        assertThat(err.toString()).contains("mask.png", "is not there", "--mask FILE");
        Drawn.photo(photo, 32, 32);
        assertThat(
                        execute(
                                "generate",
                                "--from",
                                first.toString(),
                                "--mask",
                                moved.toString(),
                                "--out",
                                "x.png"))
                .isEqualTo(1);
        assertThat(err.toString()).contains("is not the picture that", "--init FILE");
    }

    @Test
    void replay_takesFilesThatAreNamedInTheirPlace() throws IOException {
        Path first = generate("first.png", "--init", photo.toString(), "--mask", mask.toString());
        Path movedPhoto = Files.move(photo, folder.resolve("p.png"));
        Path movedMask = Files.move(mask, folder.resolve("m.png"));
        Path again = folder.resolve("again.png");
        int code =
                execute(
                        "generate",
                        "--from",
                        first.toString(),
                        "--init",
                        movedPhoto.toString(),
                        "--mask",
                        movedMask.toString(),
                        "--out",
                        again.toString());
        assertThat(code).as(err.toString()).isZero();
        assertThat(pixels(again)).isEqualTo(pixels(first));
    }

    /** The recorded size is that of another canvas, and its strength that of other margins. */
    @Test
    void replay_withMargins_growsTheCanvas() throws IOException {
        Path large = Drawn.photo(folder.resolve("large.png"), 256, 224);
        Path first =
                run(
                        "first.png",
                        List.of("a red star", "--model", model, "--plan", "uniform-4"),
                        "--init",
                        large,
                        "--strength",
                        "0.5");
        assertThat(Images.readText(first)).containsEntry("size", "256x224");

        Path wide = replay("wide.png", first, "--extend", "16,0,0,8");
        assertThat(Images.readText(wide))
                .containsEntry("size", "272x232")
                .containsEntry("extend", "16,0,0,8")
                .containsEntry("strength", "1.0");
        assertThat(Images.read(wide).getRGB(16 + 200, 100))
                .isEqualTo(Images.read(large).getRGB(200, 100));

        // what the user says of size and strength wins
        Path said =
                replay(
                        "said.png",
                        first,
                        "--extend",
                        "16,0,0,8",
                        "--strength",
                        "0.8",
                        "--size",
                        "32x24");
        assertThat(Images.readText(said))
                .containsEntry("size", "32x24")
                .containsEntry("strength", "0.8");

        // and the margins can go again
        Path narrow = replay("narrow.png", wide, "--extend", "0,0,0,0", "--strength", "0.5");
        assertThat(Images.readText(narrow))
                .containsEntry("size", "256x224")
                .doesNotContainKey("extend");
        assertThat(pixels(narrow)).isEqualTo(pixels(first));
    }

    @Test
    void replay_withAnotherPicture_takesItsSize() throws IOException {
        Path first = generate("first.png", "--init", photo.toString());
        Path other = Drawn.photo(folder.resolve("other.png"), 216, 264);
        Path again = replay("again.png", first, "--init", other);
        assertThat(Images.readText(again))
                .containsEntry("size", "216x264")
                .containsEntry("strength", "0.6");
        // one that was drawn from noise alone
        Path noise = generate("noise.png");
        assertThat(Images.readText(replay("start.png", noise, "--init", other)))
                .containsEntry("size", "216x264");
        assertThat(Images.readText(replay("small.png", noise, "--init", other, "--size", "32x24")))
                .containsEntry("size", "32x24");
    }

    @Test
    void paste_canBeTurnedOnAgain() throws IOException {
        String[] start = {"--init", photo.toString(), "--mask", mask.toString()};
        Path pasted = generate("pasted.png", start);
        Path back = replay("back.png", pasted, "--no-paste");
        assertThat(Images.readText(back)).containsEntry("paste", "false");
        assertThat(pixels(replay("same.png", back))).isEqualTo(pixels(back));
        Path again = replay("again.png", back, "--paste");
        assertThat(pixels(again)).isEqualTo(pixels(pasted)).isNotEqualTo(pixels(back));
    }

    private Path replay(String name, Path picture, Object... more) {
        return run(name, List.of("--from", picture), more);
    }

    private Path run(String name, List<Object> first, Object... more) {
        Path out = folder.resolve(name);
        List<Object> words = new ArrayList<>(List.of("generate", "--out", out));
        words.addAll(first);
        words.addAll(List.of(more));
        assertThat(execute(words.stream().map(Object::toString).toArray(String[]::new)))
                .as(err.toString())
                .isZero();
        return out;
    }

    @Test
    void whatMakesNoSense_isRefusedInOneLine() {
        String init = photo.toString();
        refused(2, "--strength: is for a picture to start from", "--strength", "0.5");
        refused(2, "--mask: is for a picture to start from", "--mask", mask.toString());
        refused(2, "--extend: is for a picture to start from", "--extend", "8,0,0,0");
        refused(2, "--no-paste: is for a picture to start from", "--no-paste");
        refused(2, "strength 1.5: must be more than 0", "--init", init, "--strength", "1.5");
        refused(2, "strength 0.0: must be more than 0", "--init", init, "--strength", "0");
        refused(2, "leaves none of the 4 steps", "--init", init, "--strength", "1e-20");
        refused(
                2,
                "--extend: margins '1,2': expected LEFT,TOP,RIGHT,BOTTOM",
                "--init",
                init,
                "--extend",
                "1,2");
        refused(2, "--extend 0,0,0,0: nothing is added", "--init", init, "--extend", "0,0,0,0");
        refused(2, "extend -8,0,0,0: must be 0 or more", "--init", init, "--extend=-8,0,0,0");
        refused(2, "extend 99999,0,0,0: at most 8192", "--init", init, "--extend", "99999,0,0,0");
        refused(2, "--no-paste: nothing of the picture is kept", "--init", init, "--no-paste");
        refused(2, "--paste: nothing of the picture is kept", "--init", init, "--paste");
        refused(2, "--paste: is for a picture to start from", "--paste");
        refused(1, "no.png: no such file", "--init", "no.png");
        refused(1, "no.png: no such file", "--init", init, "--mask", "no.png");
        Path other = Drawn.rightOf(folder.resolve("other.png"), 24, 32, 3);
        refused(2, "it must have the 32x24 of", "--init", init, "--mask", other.toString());
        Path black = Drawn.png(folder.resolve("black.png"), 32, 24, (x, y) -> 0);
        refused(2, "is black everywhere", "--init", init, "--mask", black.toString());
    }

    private void refused(int code, String message, String... more) {
        assertThat(execute(words("x.png", more))).isEqualTo(code);
        assertThat(err.toString()).startsWith(ERROR).contains(message).hasLineCount(1);
    }

    private Path generate(String name, String... more) {
        assertThat(execute(words(name, more))).as(err.toString()).isZero();
        return folder.resolve(name);
    }

    private String[] words(String name, String... more) {
        List<String> words =
                new ArrayList<>(
                        List.of(
                                "generate",
                                "a red star",
                                "--model",
                                model.toString(),
                                "--plan",
                                "uniform-4",
                                "--seed",
                                "3",
                                "--out",
                                folder.resolve(name).toString()));
        words.addAll(List.of(more));
        if (!words.contains("--size")) {
            words.addAll(List.of("--size", "32x24"));
        }
        return words.toArray(String[]::new);
    }

    private int execute(String... words) {
        err.reset();
        return Engine.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                words);
    }

    private static int[] pixels(Path file) {
        BufferedImage image = Images.read(file);
        int width = image.getWidth();
        return image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
    }
}
