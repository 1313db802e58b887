package glance.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
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

/** From a finished or stopped run to the next: with nothing but its folder. */
class TrainResumeTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @BeforeEach
    void makePicture() {
        BufferedImage picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(3, 4, 0xffd62828);
        Images.writePng(in("a.png"), picture, Map.of());
    }

    private Path in(String name) {
        return folder.resolve(name);
    }

    private int run(String... args) {
        out.reset();
        err.reset();
        return Engine.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args);
    }

    private void train(String name, String steps, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--image", in("a.png").toString()));
        args.addAll(List.of("--caption", "it's \"red\"", "--size", "32x32", "--rank", "2"));
        args.addAll(List.of("--rate", "1e-3", "--warmup", "2", "--seed", "5", "--alpha", "3"));
        args.addAll(List.of("--targets", "to_q,to_out.0", "--caption-dropout", "0.3"));
        args.addAll(List.of("--cache", in("cache").toString(), "--steps", steps));
        args.addAll(List.of("--out", in(name).toString()));
        args.addAll(List.of(more));
        assertThat(run(args.toArray(String[]::new))).as(err.toString()).isZero();
    }

    @Test
    void resumeAndOutAlone_goOnWithTheSettingsOfTheFolder() {
        train("whole", "4");
        train("parts", "2");
        int exit = run("train", "--resume", "--out", in("parts").toString(), "--steps", "4");
        assertThat(exit).as(err.toString()).isZero();
        assertThat(err.toString())
                .contains("slow: goes on after step 2", "fast: goes on after step 2");
        for (String file : List.of("slow.safetensors", "fast.checkpoint.safetensors")) {
            assertThat(in("parts/" + file)).hasSameBinaryContentAs(in("whole/" + file));
        }
        // the settings of the last run are those of the next
        assertThat(run("train", "--resume", "--out", in("parts").toString())).isZero();
        assertThat(err.toString()).contains("4 steps each", "slow: nothing left to do");
    }

    @Test
    void resume_inAFolderWithoutSettings_asksForPictures() {
        assertThat(run("train", "--resume", "--out", in("none").toString()))
                .isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("no pictures given; use --data FOLDER");
    }

    @Test
    void changedCheckpoint_leavesTheAdapter_andIsOneLine() throws IOException {
        train("run", "2", "--phase", "slow");
        byte[] adapter = Files.readAllBytes(in("run/slow.safetensors"));
        Path checkpoint = in("run/slow.checkpoint.safetensors");
        byte[] bytes = Files.readAllBytes(checkpoint);
        bytes[bytes.length - 1] = 0x7f;
        bytes[bytes.length - 2] = (byte) 0xc0; // the last value is NaN now
        Files.write(checkpoint, bytes);
        assertThat(run("train", "--resume", "--out", in("run").toString()))
                .isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString().lines().filter(line -> line.contains("error")))
                .singleElement()
                .asString()
                .contains(checkpoint.toString(), "the checkpoint was changed", "--overwrite");
        assertThat(Files.readAllBytes(in("run/slow.safetensors"))).isEqualTo(adapter);
    }

    @Test
    void loraFolder_takesTheAdaptersOfARun() {
        train("run", "3");
        String run = in("run").toString();
        assertThat(err.toString())
                .endsWith("generate 'it'\\''s \"red\"' --lora " + run + System.lineSeparator());
        int[] both =
                picture("--lora", run + "/slow.safetensors", "--lora", run + "/fast.safetensors");
        assertThat(picture("--lora", run)).isEqualTo(both).isNotEqualTo(picture("--no-lora"));
        assertThat(picture("--lora", run + "/:0.5"))
                .isEqualTo(
                        picture(
                                "--lora",
                                run + "/slow.safetensors:0.5",
                                "--lora",
                                run + "/fast.safetensors:0.5"))
                .isNotEqualTo(both);
        assertThat(run("generate", "a", "--lora", run + "@1-5")).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString())
                .contains(
                        "the folder holds 2 adapters, each for its own steps; leave @ out",
                        "/fast.safetensors@1-5");
    }

    @Test
    void loraFolder_ofOnePhase_isThatAdapter_notItsCheckpoint() {
        train("run", "2", "--phase", "slow");
        String run = in("run").toString();
        assertThat(err.toString()).contains("--lora " + run + "/slow.safetensors");
        assertThat(picture("--lora", run + "@1-3"))
                .isEqualTo(picture("--lora", run + "/slow.safetensors@1-3"));
    }

    private int[] picture(String... options) {
        Path file = in("picture.png");
        List<String> args = new ArrayList<>(List.of("generate", "a red circle", "--seed", "3"));
        args.addAll(List.of("--plan", "glance", "--out", file.toString(), "--overwrite"));
        args.addAll(List.of(options));
        assertThat(run(args.toArray(String[]::new))).as(err.toString()).isZero();
        BufferedImage image = Images.read(file);
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
