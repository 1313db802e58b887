package glance.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.EngineProcess;
import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandIT {
    @TempDir private Path folder;

    private EngineProcess engine;

    @BeforeEach
    void makePicture() {
        engine = EngineProcess.in(folder);
        BufferedImage picture = new BufferedImage(80, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 20 * 20; i++) {
            picture.setRGB(30 + i % 20, 20 + i / 20, 0xffd62828);
        }
        Images.writePng(folder.resolve("a.png"), picture, Map.of());
    }

    private static String[] train(String... more) {
        List<String> args =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--image",
                                "a.png",
                                "--caption",
                                "a red square on a black background",
                                "--size",
                                "32x32",
                                "--rank",
                                "4",
                                "--cache",
                                "cache"));
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    private Path in(String file) {
        return folder.resolve(file);
    }

    @Test
    void bothPhases_makeAdaptersThatKnowTheirSteps() throws IOException {
        Result result = engine.run(train("--steps", "2", "--out", "out", "--sample-every", "2"));
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines())
                .containsExactly("out/slow.safetensors", "out/fast.safetensors");
        assertThat(result.err())
                .contains(
                        "slow: 2 steps in ", " s/step), loss ", ", peak memory ", "2 adapters in ");
        assertThat(Images.read(in("out/samples/fast-0002.png")).getWidth()).isEqualTo(64);
        assertThat(in("out/slow.csv")).content().contains("\n2,");
        assertThat(in("out/fast.png")).exists();

        Result picture =
                engine.run(
                        "generate",
                        "a red circle",
                        "--lora",
                        "out/slow.safetensors",
                        "--lora",
                        "out/fast.safetensors:0.5",
                        "--seed",
                        "1",
                        "--out",
                        "a1.png");
        assertThat(picture.exitCode()).as(picture.err()).isZero();
        Result named =
                engine.run(
                        "generate",
                        "a red circle",
                        "--lora",
                        "out/slow.safetensors@slow",
                        "--lora",
                        "out/fast.safetensors:0.5@fast",
                        "--seed",
                        "1",
                        "--out",
                        "a2.png");
        assertThat(named.exitCode()).as(named.err()).isZero();
        assertThat(pixels("a1.png")).isEqualTo(pixels("a2.png"));
    }

    private int[] pixels(String file) {
        BufferedImage image = Images.read(in(file));
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void killedRun_goesOnToTheSameBits() throws Exception {
        String[] steps = {"--phase", "slow", "--steps", "40", "--checkpoint-every", "5", "--out"};
        Result whole = engine.run(train(with(steps, "whole")));
        assertThat(whole.exitCode()).as(whole.err()).isZero();

        Process process = engine.start(List.of(), train(with(steps, "killed")));
        Path checkpoint = in("killed/slow.checkpoint.safetensors");
        for (int i = 0; i < 1200 && !Files.exists(checkpoint); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly().waitFor();
        children.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle child : children) {
            child.onExit().get(20, TimeUnit.SECONDS);
        }
        assertThat(checkpoint).exists();
        assertThat(in("killed/slow.safetensors")).as("killed too late").doesNotExist();

        Result without = engine.run(train(with(steps, "killed")));
        assertThat(without.exitCode()).isEqualTo(ExitCode.WRONG_USE);
        assertThat(without.err()).contains("--resume to go on, --overwrite to start anew");

        String[] resume =
                Stream.concat(Stream.of("--resume"), Stream.of(with(steps, "killed")))
                        .toArray(String[]::new);
        Result rest = engine.run(train(resume));
        assertThat(rest.exitCode()).as(rest.err()).isZero();
        assertThat(rest.err()).contains("encoded before", "slow: goes on after step ");
        for (String file : List.of("slow.safetensors", "slow.checkpoint.safetensors")) {
            assertThat(in("killed/" + file)).hasSameBinaryContentAs(in("whole/" + file));
        }
    }

    private static String[] with(String[] args, String last) {
        return Stream.concat(Stream.of(args), Stream.of(last)).toArray(String[]::new);
    }

    @Test
    void stoppedRun_writesItsCheckpointAndGoesOn() throws Exception {
        Process process =
                engine.start(
                        List.of(), train("--phase", "slow", "--steps", "5000", "--out", "out"));
        Path log = in("out/slow.csv");
        for (int i = 0; i < 1200 && (!Files.exists(log) || Files.size(log) < 300); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        process.toHandle().destroy();
        Result result = EngineProcess.finish(process);
        assertThat(result.exitCode()).isEqualTo(143);
        assertThat(result.err())
                .contains(
                        "phase slow stopped after step ", " --resume --out out goes on from there");
        assertThat(in("out/slow.checkpoint.safetensors")).exists();
        assertThat(in("out/slow.png")).exists();
        try (Stream<Path> files = Files.list(in("out"))) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }

    @Test
    void divergingRun_failsInOneLine() {
        Result result =
                engine.run(
                        train("--phase", "slow", "--steps", "9", "--rate", "1e30", "--out", "out"));
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err())
                .contains("error: training step 2: the loss at sigma ", "lower the learning rate")
                .doesNotContain("bug");
    }

    @Test
    void unusablePictures_areNamed() throws IOException {
        Files.writeString(in("b.png"), "no picture");
        Result result =
                engine.run("train", "--image", "b.png", "--caption", "x", "--cache", "cache");
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err()).contains("b.png: is not a picture in a known format");
    }
}
