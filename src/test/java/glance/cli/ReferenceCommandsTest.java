package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Request;
import glance.cli.common.StopRequest;
import glance.fixtures.TinyFlux;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.pipeline.Settings;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drawing from reference pictures. */
class ReferenceCommandsTest {
    private static final String ERROR = "glance-engine: error: ";

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;
    private Path model;
    private Path reference;

    @BeforeEach
    void write() {
        model = TinyFlux.kontext(folder.resolve("kontext"));
        reference = picture("reference.png", 90, 60, Color.RED);
    }

    @Test
    void reference_givesThePictureItsProportions() {
        Request request = Request.of("a red star").reference(reference);
        // the area of 256 x 256, in units of 4
        assertThat(Settings.of(request, ModelFolder.open(model)).size()).isEqualTo("312x208");
    }

    @Test
    void reference_reachesThePicture() {
        Path seen = generate("seen.png", "--reference", reference.toString());
        String blue = picture("blue.png", 90, 60, Color.BLUE).toString();
        assertThat(pixels(generate("other.png", "--ref-image", blue))).isNotEqualTo(pixels(seen));
        assertThat(pixels(generate("alone.png"))).isNotEqualTo(pixels(seen));
    }

    @Test
    void replay_findsTheReferenceOrAsksForIt() throws IOException {
        Path seen = generate("seen.png", "--reference", reference.toString());
        assertThat(Images.readText(seen).get("references")).endsWith(" " + reference);
        Path again = folder.resolve("again.png");
        run(0, "generate", "--from", seen.toString(), "--out", again.toString());
        assertThat(pixels(again)).isEqualTo(pixels(seen));

        Path moved = Files.move(reference, folder.resolve("moved.png"));
        run(1, "generate", "--from", seen.toString(), "--out", folder.resolve("x").toString());
        assertThat(err.toString()).contains("is not there", "--reference FILE");
        picture("reference.png", 90, 60, Color.GREEN);
        run(1, "generate", "--from", seen.toString(), "--out", folder.resolve("x").toString());
        assertThat(err.toString()).contains("is not the picture that", "--reference FILE");

        Path found = folder.resolve("found.png");
        run(
                0,
                "generate",
                "--from",
                seen.toString(),
                "--reference",
                moved.toString(),
                "--out",
                found.toString());
        assertThat(pixels(found)).isEqualTo(pixels(seen));
    }

    @Test
    void referencesThatAModelCannotTake_areRefusedInOneLine() {
        Path dev = TinyFlux.dev(folder.resolve("dev"));
        String[] wanted = {"--reference", reference.toString(), "--size", "32x32"};
        run(2, words("generate", "a star", "--model", dev.toString(), wanted));
        assertThat(err.toString())
                .startsWith(ERROR + "this model takes no reference pictures")
                .hasLineCount(1);
        run(
                2,
                words(
                        "generate",
                        "a star",
                        "--model",
                        model.toString(),
                        words(wanted, "--reference", reference.toString())));
        assertThat(err.toString())
                .startsWith(ERROR + "2 reference pictures: this model takes at most 1")
                .hasLineCount(1);
        run(1, words("generate", "a star", "--model", model.toString(), "--reference", "no.png"));
        assertThat(err.toString()).startsWith(ERROR + "no.png: no such file").hasLineCount(1);
    }

    private Path generate(String name, String... more) {
        Path file = folder.resolve(name);
        String[] fixed = {
            "a red star",
            "--model",
            model.toString(),
            "--plan",
            "uniform-1",
            "--seed",
            "3",
            "--size",
            "32x32"
        };
        run(0, words("generate", "--out", file.toString(), words(fixed, more)));
        return file;
    }

    private static String[] words(Object... parts) {
        return Arrays.stream(parts)
                .flatMap(
                        part ->
                                part instanceof String[] several
                                        ? Arrays.stream(several)
                                        : Stream.of((String) part))
                .toArray(String[]::new);
    }

    private Path picture(String name, int width, int height, Color color) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(color);
        graphics.fillRect(0, 0, width / 2, height);
        graphics.dispose();
        Path file = folder.resolve(name);
        Images.writePng(file, image, Map.of());
        return file;
    }

    private void run(int expected, String... args) {
        err.reset();
        int code =
                Engine.run(
                        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new StopRequest(),
                        args);
        assertThat(code).as(err.toString()).isEqualTo(expected);
    }

    private static int[] pixels(Path file) {
        BufferedImage image = Images.read(file);
        int width = image.getWidth();
        return image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
    }
}
