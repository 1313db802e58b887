package glance.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.cli.Engine;
import glance.cli.common.StopRequest;
import glance.fixtures.TinyFlux2;
import glance.io.Images;
import java.awt.Color;
import java.awt.Graphics2D;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Comparisons of what is made from pictures. */
class CompareReferencesTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;
    private Path red;
    private Path blue;

    @BeforeEach
    void write() {
        TinyFlux2.distilled(folder.resolve("klein"));
        red = picture("red.png", Color.RED);
        blue = picture("blue.png", Color.BLUE);
    }

    private Path picture(String name, Color color) {
        BufferedImage picture = new BufferedImage(96, 64, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(color);
        graphics.fillRect(0, 0, 48, 64);
        graphics.dispose();
        Path file = folder.resolve(name);
        Images.writePng(file, picture, Map.of());
        return file;
    }

    private int compare(String out, Object... more) {
        List<String> args = new ArrayList<>(List.of("compare", "a star", "--seed", "3"));
        args.addAll(List.of("--model", folder.resolve("klein") + "", "--teacher", "uniform-4"));
        args.addAll(List.of("--plans", "uniform-2", "--cache", folder.resolve("runs") + ""));
        args.addAll(List.of("--out", folder.resolve(out) + ""));
        Stream.of(more).map(Object::toString).forEach(args::add);
        err.reset();
        return Engine.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args.toArray(String[]::new));
    }

    private double difference(String out) throws IOException {
        JsonNode report =
                new ObjectMapper().readTree(folder.resolve(out + "/results.json").toFile());
        return report.path("pictures").path(1).path("latent_error").asDouble(Double.NaN);
    }

    private long kept() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("runs"))) {
            return files.count();
        }
    }

    @Test
    void references_areInTheReport_andTellRunsApart() throws IOException {
        assertThat(compare("one", "--reference", red)).as(err.toString()).isZero();
        assertThat(kept()).isEqualTo(2);
        assertThat(compare("other", "--ref-image", blue)).as(err.toString()).isZero();
        assertThat(compare("both", "--reference", red, "--reference", blue))
                .as(err.toString())
                .isZero();
        assertThat(compare("turned", "--reference", blue, "--reference", red))
                .as(err.toString())
                .isZero();
        assertThat(kept()).isEqualTo(8);
        assertThat(difference("one")).isNotEqualTo(difference("other"));
        String report = Files.readString(folder.resolve("both/report.md"));
        assertThat(report).contains("- size: 96x64", "- references: " + red + " (", blue + " (");
        // on the sheet the red half stands beside the blue one, above the pictures
        BufferedImage sheet = Images.read(folder.resolve("both/sheet.png"));
        assertThat(first(sheet, 0xff0000)).isPositive().isEqualTo(first(sheet, 0x0000ff));
    }

    /** The first row in which a colour is. */
    private static int first(BufferedImage sheet, int rgb) {
        for (int y = 0; y < sheet.getHeight(); y++) {
            for (int x = 0; x < sheet.getWidth(); x++) {
                if ((sheet.getRGB(x, y) & 0xffffff) == rgb) {
                    return y;
                }
            }
        }
        return -1;
    }

    @Test
    void start_isInTheReport_andTellsRunsApart() throws IOException {
        assertThat(compare("half", "--init", red, "--strength", "0.5", "--size", "24x16"))
                .as(err.toString())
                .isZero();
        JsonNode report = new ObjectMapper().readTree(folder.resolve("half/results.json").toFile());
        assertThat(report.path("about").path("start").asText())
                .startsWith(red + " (")
                .endsWith("), strength 0.5");
        assertThat(report.path("pictures").path(0).path("steps").asInt()).isEqualTo(2);
        assertThat(report.path("pictures").path(1).path("steps").asInt()).isEqualTo(1);
        assertThat(compare("more", "--init", red, "--strength", "0.8", "--size", "24x16")).isZero();
        assertThat(compare("blue", "--init", blue, "--strength", "0.5", "--size", "24x16"))
                .isZero();
        assertThat(kept()).isEqualTo(6);
    }
}
