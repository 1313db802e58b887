package glance.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceInfo;
import glance.backend.Devices;
import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.TinyDit;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command train on the CUDA device, without a GPU: from a picture to an adapter file. */
class TrainOnCudaTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    /** The device's default is BF16. */
    @ParameterizedTest
    @ValueSource(strings = {"--dtype=f32", "--adam8bit=true"})
    void train_stoppedAndResumed_endsWithTheSameBits(String option) {
        String problem = problem("cuda-emulated");
        assumeTrue(problem == null, problem);
        assertThat(train("cuda-emulated", "whole", "2", option)).as(err.toString()).isZero();
        assertThat(train("cuda-emulated", "parts", "1", option)).as(err.toString()).isZero();
        assertThat(train("cuda-emulated", "parts", "2", option, "--resume"))
                .as(err.toString())
                .isZero();
        assertThat(err.toString()).contains("encoded before", "slow: goes on after step 1");
        for (String file : List.of("slow.safetensors", "slow.checkpoint.safetensors")) {
            assertThat(folder.resolve("parts").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("whole").resolve(file));
        }
    }

    @Test
    void train_withoutGpu_failsWithTheCause() {
        String problem = problem("cuda");
        assumeThat(problem).as("there is a GPU").isNotNull();
        assertThat(train("cuda", "out", "1")).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString()).contains("error: ", problem);
    }

    /** Why a device cannot be used here, or null if it can. */
    private static String problem(String id) {
        return Devices.list().stream()
                .filter(info -> info.id().equals(id))
                .findFirst()
                .map(DeviceInfo::problem)
                .orElse(null);
    }

    private int train(String device, String out, String steps, String... more) {
        List<String> args =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--device",
                                device,
                                "--model",
                                TinyDit.in(folder.resolve("model")).path().toString(),
                                "--image",
                                picture().toString(),
                                "--caption",
                                "goldfish",
                                "--phase",
                                "slow",
                                // large enough for moments in 8 bits
                                "--rank",
                                "128",
                                "--size",
                                "16x16",
                                "--cache",
                                folder.resolve("cache").toString(),
                                "--steps",
                                steps,
                                "--out",
                                folder.resolve(out).toString()));
        args.addAll(List.of(more));
        return Engine.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args.toArray(String[]::new));
    }

    private Path picture() {
        BufferedImage picture = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 32 * 32; i++) {
            picture.setRGB(i % 32, i / 32, i % 32 < 16 ? 0xff0000 : 0xffffff);
        }
        Path file = folder.resolve("picture.png");
        Images.writePng(file, picture, Map.of());
        return file;
    }
}
