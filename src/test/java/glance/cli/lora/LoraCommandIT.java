package glance.cli.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.EngineProcess;
import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import glance.io.Images;
import glance.io.SafetensorsWriter;
import glance.io.TensorSource;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on adapters, on the built jar. */
class LoraCommandIT {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");
    private static final String SLOW =
            FIXTURES.resolve("glance-tiny-pipeline/slow.safetensors").toString();

    @TempDir private Path folder;
    private EngineProcess engine;

    @BeforeEach
    void prepare() {
        engine = EngineProcess.in(folder);
    }

    @Test
    void mergedModel_drawsWhatTheAdapterDraws() throws IOException {
        done(engine.run("lora", "resize", SLOW, "--rank", "4", "--out", "slow.safetensors"));
        done(
                engine.run(
                        "lora",
                        "merge",
                        TINY.toString(),
                        "slow.safetensors:0.5",
                        "--dtype",
                        "F32",
                        "--out",
                        "merged"));
        List<String> picture =
                List.of("generate", "a red circle", "--seed", "1", "--plan", "glance-8");
        BufferedImage adapted = draw(picture, "--lora", SLOW + ":0.5", "--out", "adapted.png");
        BufferedImage merged = draw(picture, "--model", "merged", "--out", "merged.png");
        BufferedImage plain = draw(picture, "--out", "plain.png");
        // One float32 rounding of each weight: at most the last step of a colour.
        assertThat(distance(merged, adapted)).isLessThanOrEqualTo(1);
        assertThat(distance(plain, adapted)).isGreaterThan(10);
    }

    @Test
    void interruptedMerge_leavesNothing() throws IOException, InterruptedException {
        ByteBuffer zeros = ByteBuffer.allocate(64 << 20);
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        Shape shape = Shape.of(4096, 8192);
        for (int i = 0; i < 24; i++) {
            tensors.put(
                    "blocks." + i + ".weight", new TensorSource(DType.BF16, shape, () -> zeros));
        }
        SafetensorsWriter.stream(folder.resolve("base.safetensors"), tensors, Map.of());
        tensors.clear();
        ByteBuffer a = ByteBuffer.allocate(2 * 8 * 8192);
        ByteBuffer b = ByteBuffer.allocate(2 * 4096 * 8);
        for (int i = 0; i < 24; i++) {
            tensors.put(
                    "blocks." + i + ".lora_A.weight",
                    new TensorSource(DType.BF16, Shape.of(8, 8192), () -> a));
            tensors.put(
                    "blocks." + i + ".lora_B.weight",
                    new TensorSource(DType.BF16, Shape.of(4096, 8), () -> b));
        }
        SafetensorsWriter.stream(folder.resolve("lora.safetensors"), tensors, Map.of());
        Process process =
                engine.start(
                        List.of(),
                        "lora",
                        "merge",
                        "base.safetensors",
                        "lora.safetensors",
                        "--out",
                        "merged.safetensors");
        while (process.isAlive() && files() == 2) {
            Thread.sleep(5);
        }
        // Not Process.destroy, which closes the pipes as well.
        process.toHandle().destroy();
        Result result = EngineProcess.finish(process);
        assertThat(result.exitCode()).as(result.err()).isNotZero();
        assertThat(files()).isEqualTo(2);
    }

    @Test
    void errors_areOneLineAndACode() {
        Result missing = engine.run("lora", "info", "missing.safetensors");
        assertThat(missing.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(missing.err().lines()).singleElement().asString().contains("no such file");
        Result nothing = engine.run("lora");
        assertThat(nothing.exitCode()).isEqualTo(ExitCode.WRONG_USE);
        assertThat(nothing.err().lines())
                .singleElement()
                .asString()
                .contains("info, resize, extract, merge, convert", "glance-engine lora --help");
    }

    private BufferedImage draw(List<String> common, String... options) throws IOException {
        done(engine.run(Stream.concat(common.stream(), Stream.of(options)).toArray(String[]::new)));
        return Images.read(folder.resolve(options[options.length - 1]));
    }

    private static void done(Result result) {
        assertThat(result.exitCode()).as(result.err()).isZero();
    }

    /** Largest difference of a colour channel. */
    private static int distance(BufferedImage one, BufferedImage two) {
        int worst = 0;
        for (int y = 0; y < one.getHeight(); y++) {
            for (int x = 0; x < one.getWidth(); x++) {
                for (int shift = 0; shift < 24; shift += 8) {
                    int a = one.getRGB(x, y) >> shift & 0xff;
                    int b = two.getRGB(x, y) >> shift & 0xff;
                    worst = Math.max(worst, Math.abs(a - b));
                }
            }
        }
        return worst;
    }

    private long files() throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.count();
        }
    }
}
