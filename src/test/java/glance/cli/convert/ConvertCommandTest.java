package glance.cli.convert;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {
    private static final Path TINY = Fixture.tinyModel();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    /** Both ways: what the blocks say is all that is drawn with. */
    @ParameterizedTest
    @CsvSource({"q4_k", "q6_k", "q5_0"})
    void generate_withAConvertedTransformer_drawsThePictureOfItsTwinInF32(String type)
            throws IOException {
        Path part = Files.createDirectory(folder.resolve("part"));
        Files.copy(TINY.resolve("transformer/config.json"), part.resolve("config.json"));
        Path gguf = part.resolve("tiny.gguf");
        Path twin = folder.resolve("twin");
        run("convert", TINY, gguf, "--type", type);
        run("convert", part, twin, "--type", "f32");
        assertThat(drawn("a.png", TINY, gguf))
                .isEqualTo(drawn("b.png", TINY, twin))
                .isNotEqualTo(drawn("c.png", TINY, TINY.resolve("transformer")));
    }

    @Test
    void generate_withAConvertedFlux_drawsThePictureOfItsTwinInF32() {
        Path model = TinyFlux.dev(folder.resolve("flux"));
        Path gguf = folder.resolve("flux.gguf");
        Path twin = folder.resolve("twin.safetensors");
        run("convert", model, gguf);
        run("convert", gguf, twin, "--type", "f32", "--names", "diffusers");
        assertThat(drawn("a.png", model, gguf)).isEqualTo(drawn("b.png", model, twin));
        Path scaled = folder.resolve("fp8.safetensors");
        run("convert", model, scaled, "--type", "f8_e4m3");
        assertThat(drawn("c.png", model, scaled)).isNotEmpty();
    }

    @Test
    void convert_tellsTheWorstFirstAndSizes() {
        run("convert", TINY, folder.resolve("tiny.gguf"), "--type", "q4_k");
        List<String> lines = out.toString().lines().toList();
        assertThat(lines.get(0)).startsWith("tensor").contains("type", "error");
        List<Double> errors =
                lines.subList(1, 11).stream()
                        .map(line -> line.split(" +"))
                        .map(words -> Double.parseDouble(words[2]))
                        .toList();
        assertThat(errors).isSortedAccordingTo((a, b) -> Double.compare(b, a));
        assertThat(out.toString())
                .contains("60 tensors in another type (*)")
                .containsPattern("13.1 MiB before, 4.\\d MiB now, 5.\\d\\d bits a weight, in ")
                .endsWith("tiny.gguf" + System.lineSeparator());
    }

    @Test
    void convert_json_hasTheSame() throws IOException {
        run(
                "convert",
                TINY,
                folder.resolve("tiny.safetensors"),
                "--try",
                "a red circle",
                "--pictures",
                folder,
                "--json");
        JsonNode report = new ObjectMapper().readTree(out.toString());
        assertThat(report.get("error").asDouble()).isZero();
        assertThat(report.get("bytes")).isEqualTo(report.get("bytesBefore"));
        assertThat(report.get("tensors")).hasSize(173);
        assertThat(report.get("pictures").get("ssim").asDouble()).isEqualTo(1);
        assertThat(pixels(folder.resolve("converted.png")))
                .isEqualTo(pixels(folder.resolve("source.png")));
    }

    @Test
    void convert_try_tellsHowFarThePicturesAreApart() {
        run(
                "convert",
                TINY,
                folder.resolve("tiny.gguf"),
                "--type",
                "q4_0",
                "--try",
                "a red circle",
                "--seed",
                "3");
        assertThat(out.toString())
                .containsPattern(
                        "picture of 'a red circle', seed 3: PSNR \\d\\d.\\d\\d dB, SSIM 0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void convert_tryThatFails_hasToldWhatItWrote(boolean json) throws IOException {
        Path model = TinyFlux.dev(folder.resolve("flux"));
        Files.delete(model.resolve("vae/config.json"));
        List<Object> args = new ArrayList<>(List.of(model, target(), "--try", "x"));
        if (json) {
            args.add("--json");
        }
        assertThat(exit("convert", args.toArray())).isNotZero();
        assertThat(out.toString()).contains("FLUX.1 [dev]").contains("x.gguf");
    }

    @Test
    void convert_wrongUse_isOneLine() throws IOException {
        Path taken = Files.createFile(folder.resolve("taken.gguf"));
        refused(ExitCode.WRONG_USE, "out " + taken + ": exists already", TINY, taken);
        refused(ExitCode.WRONG_USE, "type q9: a GGUF file", TINY, target(), "--type", "q9");
        refused(ExitCode.WRONG_USE, "x.ckpt: end it with", TINY, folder.resolve("x.ckpt"));
        refused(ExitCode.WRONG_USE, "names x: expected", TINY, target(), "--names", "x");
        refused(ExitCode.WRONG_USE, "give SOURCE and TARGET", TINY);
        refused(ExitCode.WRONG_USE, "takes the place", TINY, target(), "--random", "flux.1-dev");
        refused(ExitCode.WRONG_USE, "layout 'x': expected", target(), "--random", "x");
        refused(
                ExitCode.WRONG_USE,
                "--try: needs a model folder",
                TINY.resolve("transformer"),
                target(),
                "--try",
                "x");
        refused(ExitCode.WRONG_USE, "--pictures: needs", TINY, target(), "--pictures", folder);
        refused(ExitCode.FAILURE, "no such file", folder.resolve("none.safetensors"), target());
        assertThat(target()).doesNotExist();
    }

    private Path target() {
        return folder.resolve("x.gguf");
    }

    private void refused(int code, String message, Object... args) {
        err.reset();
        assertThat(exit("convert", args)).isEqualTo(code);
        assertThat(err.toString())
                .startsWith("glance-engine: error: ")
                .contains(message)
                .hasLineCount(1);
    }

    private int[] drawn(String name, Path model, Path transformer) {
        Path file = folder.resolve(name);
        run(
                "generate",
                "a red circle",
                "--model",
                model,
                "--transformer",
                transformer,
                "--plan",
                "uniform-2",
                "--size",
                "16x16",
                "--seed",
                "5",
                "--out",
                file);
        return pixels(file);
    }

    private static int[] pixels(Path file) {
        BufferedImage picture = Images.read(file);
        int width = picture.getWidth();
        return picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    }

    private void run(String command, Object... args) {
        err.reset();
        assertThat(exit(command, args)).as(err.toString()).isZero();
    }

    private int exit(String command, Object... args) {
        List<String> all = new ArrayList<>(List.of(command));
        for (Object arg : args) {
            all.add(arg.toString());
        }
        return Engine.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                all.toArray(String[]::new));
    }
}
