package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.StopRequest;
import glance.fixtures.TinyFlux;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on a model of the FLUX family. */
class FluxCommandsTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @Test
    void info_describesTheModelAndForecastsARun() {
        String model = TinyFlux.dev(folder.resolve("model")).toString();
        run("info", model);
        assertThat(out.toString())
                .contains("FluxPipeline", "FluxTransformer2DModel", "T5EncoderModel", "run memory")
                .contains("plan glance, 256x256, no guidance (1 is off), embedded guidance 3.5");
    }

    @Test
    void generate_withAdapter_repeatsItselfFromThePicture() {
        String model = TinyFlux.dev(folder.resolve("model")).toString();
        String adapter = TinyFlux.adapter(folder.resolve("a.safetensors")) + "@slow";
        Path first = folder.resolve("first.png");
        Path again = folder.resolve("again.png");
        Path bare = folder.resolve("bare.png");
        generate(first, "a red circle", "--model", model, "--lora", adapter, "--size", "32x32");
        generate(bare, "a red circle", "--model", model, "--size", "32x32");
        assertThat(Images.readText(first))
                .containsEntry("guidance", "1.0")
                .containsEntry("embedded_guidance", "3.5");
        run("generate", "--from", first.toString(), "--out", again.toString());
        assertThat(pixels(again)).isEqualTo(pixels(first)).isNotEqualTo(pixels(bare));

        Path stronger = folder.resolve("stronger.png");
        run(
                "generate",
                "--from",
                bare.toString(),
                "--embedded-guidance",
                "9",
                "--out",
                stronger.toString());
        assertThat(pixels(stronger)).isNotEqualTo(pixels(bare));
    }

    @Test
    void train_makesAnAdapterThatGenerateUses() throws IOException {
        String model = TinyFlux.dev(folder.resolve("model")).toString();
        Path data = Files.createDirectories(folder.resolve("data"));
        Images.writePng(data.resolve("one.png"), square(), Map.of());
        Files.writeString(data.resolve("one.txt"), "a red star");
        run(
                "train",
                "--data",
                data.toString(),
                "--model",
                model,
                "--phase",
                "slow",
                "--steps",
                "2",
                "--size",
                "32",
                "--out",
                folder.resolve("trained").toString());
        Path adapter;
        try (Stream<Path> files = Files.walk(folder.resolve("trained"))) {
            adapter =
                    files.filter(file -> file.getFileName().toString().equals("slow.safetensors"))
                            .findFirst()
                            .orElseThrow();
        }
        Path with = folder.resolve("with.png");
        generate(
                with,
                "a star",
                "--model",
                model,
                "--size",
                "32x32",
                "--plan",
                "glance",
                "--lora",
                adapter.toString());
        assertThat(Images.read(with).getWidth()).isEqualTo(32);
    }

    /** 11.9 billion parameters in BF16 are 22.2 GiB; the modulation layers leave first. */
    @Test
    void bench_forecastsThePublishedSize() {
        run("bench", "memory", "--family", "flux.1-dev");
        assertThat(out.toString()).contains("transformer   16.1 GiB");
    }

    private static BufferedImage square() {
        BufferedImage picture = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 32 * 32; i++) {
            picture.setRGB(i % 32, i / 32, i % 32 < 16 ? 0xff0000 : 0xffffff);
        }
        return picture;
    }

    private void generate(Path file, String... args) {
        String[] all = new String[args.length + 5];
        all[0] = "generate";
        System.arraycopy(args, 0, all, 1, args.length);
        all[args.length + 1] = "--seed";
        all[args.length + 2] = "5";
        all[args.length + 3] = "--out";
        all[args.length + 4] = file.toString();
        run(all);
    }

    private static int[] pixels(Path file) {
        BufferedImage picture = Images.read(file);
        int width = picture.getWidth();
        return picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    }

    private void run(String... args) {
        int exit =
                Engine.run(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new StopRequest(),
                        args);
        assertThat(exit).as(err.toString()).isZero();
    }
}
