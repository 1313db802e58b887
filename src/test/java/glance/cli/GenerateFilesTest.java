package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.TestPictures;
import glance.cli.common.ExitCode;
import glance.cli.common.Session;
import glance.cli.common.StopRequest;
import glance.io.Images;
import glance.picture.PictureText;
import glance.picture.PictureTextTest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where the command generate puts pictures, and which it takes settings from. */
class GenerateFilesTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @Test
    void jpeg_isRepeatedFromItsOwnSettings() {
        Path jpeg = folder.resolve("new/first.jpg");
        Path png = folder.resolve("again.png");
        done("generate", "a red circle", "--seed", "7", "--plan", "uniform-1", "--out", jpeg);
        assertThat(printed()).containsExactly(jpeg.toString());
        done("generate", "--from", jpeg, "--out", png);
        assertThat(Images.readText(png))
                .containsEntry("prompt", "a red circle")
                .containsEntry("seed", "7");
        BufferedImage lossy = Images.readUpright(jpeg);
        BufferedImage exact = Images.readUpright(png);
        double sum = 0;
        for (int i = 0; i < 64 * 64; i++) {
            int a = lossy.getRGB(i % 64, i / 64) >> 8 & 0xff;
            sum += Math.abs(a - (exact.getRGB(i % 64, i / 64) >> 8 & 0xff));
        }
        assertThat(sum / (64 * 64)).isLessThan(3);
    }

    @Test
    void stdout_holdsThePictureAndNothingElse() throws IOException {
        done("generate", "x", "--seed", "7", "--plan", "uniform-1", "--out", "-");
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(out.toByteArray()));
        assertThat(picture.getWidth()).isEqualTo(64);
        int end = out.size() - 8;
        assertThat(new String(out.toByteArray(), end, 4, StandardCharsets.ISO_8859_1))
                .isEqualTo("IEND");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void fullDevice_isTheReason() {
        int exit = run("generate", "x", "--plan", "uniform-1", "--out", "/dev/full");
        assertThat(exit).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString())
                .contains("error: /dev/full: cannot be written (No space left on device)");
    }

    @Test
    void expertsWithoutSteps_makeAPicture() {
        done(
                "generate",
                "x",
                "--plan",
                "uniform-1",
                "--lora",
                "glance-tiny/experts/slow.safetensors",
                "--lora",
                "glance-tiny/experts/fast.safetensors",
                "--out",
                folder.resolve("a.png"));
        assertThat(err.toString()).contains("own experts (slow.safetensors, fast.safetensors;");
    }

    @Test
    void filesThatAPictureNames_areSaidBeforeTheyAreOpened() {
        Path picture = picture(Map.of("model", "no\u001b[2Jmodel", "adapters", "no.safetensors@1"));
        assertThat(run("generate", "--from", picture)).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString())
                .doesNotContain("\u001b")
                .contains(
                        picture + " names these files: no?[2Jmodel, x=y.gguf, t5, no.safetensors@1")
                .contains("error: --lora: adapter 'no.safetensors@1': no such file");
    }

    @Test
    void wayOutOfTheBuiltInModel_isRefused() {
        Path picture = picture(Map.of("adapters", "glance-tiny/experts/../../../x.safetensors"));
        assertThat(run("generate", "--from", picture)).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("leads out of the built-in model");
    }

    @Test
    void guidanceThatIsNoNumber_isTheFaultOfThePicture() {
        Path picture = picture(Map.of("guidance", "NaN"));
        assertThat(run("generate", "--from", picture)).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString())
                .contains(picture + ": guidance: must be a finite number, at least 1, got 'NaN'");
    }

    @Test
    void pictureOfAnotherProgram_isRepeatedAsFarAsItGoes() {
        Path other = folder.resolve("other.png");
        Images.writePng(
                other,
                new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB),
                Map.of(
                        "parameters",
                        "a red circle\nNegative prompt: blue\nSteps: 2, Sampler: DPM++ 2M,"
                                + " CFG scale: 3, Seed: 9, Size: 64x64, Model: dreams"));
        Path file = folder.resolve("a.png");
        done("generate", "--from", other, "--out", file);
        assertThat(Images.readText(file))
                .containsEntry("prompt", "a red circle")
                .containsEntry("negative_prompt", "blue")
                .containsEntry("seed", "9")
                .containsEntry("guidance", "3.0")
                .containsEntry("model", "glance-tiny");
        assertThat(err.toString())
                .contains("not taken over: Sampler (DPM++ 2M), Model (dreams)")
                .contains("plan uniform-2 (2 steps)");
    }

    @Test
    void severalPrompts_andANameWithoutEnding_makeAFolder() {
        Path pics = folder.resolve("pics");
        done("generate", "a", "b", "--seed", "7", "--plan", "uniform-1", "--out", pics);
        assertThat(printed())
                .containsExactly(
                        pics.resolve("a-7.png").toString(), pics.resolve("b-7.png").toString());
    }

    @Test
    void nameThatIsTakenMeanwhile_isNotReplaced() throws IOException {
        Path file = folder.resolve("a.png");
        OutputFiles files = OutputFiles.plan(file.toString(), false, List.of("p"), 7, 1);
        Files.writeString(file, "another program's");
        Path actual = write(files);
        assertThat(file).hasContent("another program's");
        assertThat(actual).isEqualTo(folder.resolve("a-2.png"));
        assertThat(err.toString())
                .contains("error: " + file + ": another program made this file meanwhile", "a-2");
    }

    @Test
    void madeNameThatIsTakenMeanwhile_stepsAside() throws IOException {
        OutputFiles files = OutputFiles.plan(folder.toString(), false, List.of("p"), 7, 1);
        Files.writeString(folder.resolve("p-7.png"), "another program's");
        assertThat(write(files)).isEqualTo(folder.resolve("p-7-2.png"));
        assertThat(err.toString()).isEmpty();
    }

    private Path write(OutputFiles files) {
        Session session = new Session(stream(out), stream(err), new StopRequest(), false);
        PictureWriter writer = new PictureWriter(session, PictureTextTest.ORIGIN, files, 95, true);
        writer.write(0, TestPictures.black(PictureTextTest.ORIGIN, "p", 7));
        assertThat(writer.hasDisplaced()).isEqualTo(files.isGiven());
        Path actual = Path.of(printed().get(0));
        assertThat(Images.read(actual).getWidth()).isEqualTo(8);
        return actual;
    }

    /** A picture of the built-in model, with some texts changed. */
    private Path picture(Map<String, String> changes) {
        Map<String, String> text = new HashMap<>(PictureText.of(PictureTextTest.ORIGIN, "p", 1));
        text.putAll(Map.of("model", "glance-tiny", "adapters", ""));
        text.putAll(changes);
        Path file = folder.resolve("picture.png");
        Images.writePng(file, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), text);
        return file;
    }

    private List<String> printed() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private void done(Object... args) {
        assertThat(run(args)).as(err.toString()).isZero();
    }

    private int run(Object... args) {
        String[] texts = Stream.of(args).map(Object::toString).toArray(String[]::new);
        return Engine.run(stream(out), stream(err), new StopRequest(), texts);
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
