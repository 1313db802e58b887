package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.TinyPublished;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on models that are no folder in diffusers layout. */
class LooseFilesTest {
    private static final String TRANSFORMER = "FLUX.1 [dev], 1 + 1 blocks of width 128";

    @TempDir private static Path shared;

    private static Path model;
    private static Path checkpoint;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @BeforeAll
    static void write() {
        model = TinyPublished.flux(shared.resolve("flux")).path();
        Map<String, String> prefixes = new LinkedHashMap<>();
        prefixes.put("transformer", "model.diffusion_model.");
        prefixes.put("vae", "vae.");
        prefixes.put("text_encoder", "text_encoders.clip_l.transformer.");
        prefixes.put("text_encoder_2", "text_encoders.t5xxl.transformer.");
        checkpoint = TinyPublished.checkpoint(model, shared.resolve("flux.safetensors"), prefixes);
    }

    @Test
    void checkpoint_drawsThePictureOfTheFolder_andFromItsPictureAgain() {
        int[] wanted = picture("folder.png", "--model", model.toString());
        int[] drawn = picture("file.png", "--model", checkpoint + "", "--tokenizer", model + "");
        assertThat(drawn).isEqualTo(wanted);
        again("file.png", wanted);
    }

    @Test
    void transformerAndItsParts_drawThePictureOfTheFolder_andFromItsPictureAgain() {
        int[] wanted = picture("folder.png", "--model", model.toString());
        assertThat(picture("loose.png", loose())).isEqualTo(wanted);
        again("loose.png", wanted);
    }

    private void again(String name, int[] wanted) {
        Path again = folder.resolve("again.png");
        run("generate", "--from", folder.resolve(name) + "", "--out", again + "");
        assertThat(pixels(again)).isEqualTo(wanted);
        String files =
                err.toString().lines().filter(l -> l.contains("names these")).findFirst().get();
        assertThat(files.split(", ")).doesNotHaveDuplicates();
    }

    @Test
    void parts_serveTrainAndCompare() {
        List<String> args = new ArrayList<>(List.of("train", "--image", "docs/my-house.png"));
        args.addAll(List.of("--caption", "a star", "--steps", "1", "--phase", "all"));
        args.addAll(List.of("--size", "16x16", "--out", folder.resolve("house").toString()));
        args.addAll(List.of("--cache", folder.resolve("cache").toString()));
        args.addAll(List.of(loose()));
        run(args.toArray(String[]::new));
        assertThat(err.toString()).contains(" --vae ", " --tokenizer " + model + " --lora ");
        run("train", "--resume", "--out", folder.resolve("house").toString(), "--steps", "2");
        args = new ArrayList<>(List.of("compare", "a star", "--plans", "uniform-1"));
        args.addAll(List.of("--size", "16x16"));
        args.addAll(List.of(loose()));
        run(args.toArray(String[]::new));
    }

    @Test
    void missingParts_areWrongUse() {
        assertThat(exit(List.of("generate", "a star", "--model", checkpoint.toString())))
                .isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString())
                .contains("also needed: --tokenizer FOLDER (with tokenizer, tokenizer_2 in it)")
                .hasLineCount(1);
    }

    @Test
    void info_saysWhatEachPartIs() throws IOException {
        run("info", checkpoint.toString());
        assertThat(out.toString())
                .contains("holds       " + TRANSFORMER)
                .contains("; CLIP text encoder, 2 layers of width 64; T5 text encoder, 2 layers")
                .contains("; autoencoder (AutoencoderKL), 16 latent channels");
        out.reset();
        run("info", checkpoint.toString(), "--tokenizer", model.toString());
        assertThat(out.toString())
                .contains("model       FluxPipeline")
                .containsPattern("text_encoder +CLIP text encoder, 2 layers of width 64");
        out.reset();
        Path comfy = folder.resolve("comfy");
        Path unet = Files.createDirectories(comfy.resolve("unet")).resolve("x.safetensors");
        Files.copy(TinyPublished.weights(model, "transformer"), unet);
        run("info", comfy.toString());
        assertThat(out.toString())
                .contains("also needed: --text-encoder FILE")
                .containsPattern("unet/x.safetensors +FLUX.1 .dev., 1 . 1 blocks of width 128");
    }

    private static String[] loose() {
        return new String[] {
            "--transformer", TinyPublished.weights(model, "transformer").toString(),
            "--vae", TinyPublished.weights(model, "vae").toString(),
            "--text-encoder", TinyPublished.weights(model, "text_encoder").toString(),
            "--text-encoder-2", TinyPublished.weights(model, "text_encoder_2").toString(),
            "--tokenizer", model.toString()
        };
    }

    private int[] picture(String name, String... more) {
        Path file = folder.resolve(name);
        List<String> args = new ArrayList<>(List.of("generate", "a red circle", "--seed", "5"));
        args.addAll(List.of("--plan", "uniform-2", "--size", "16x16", "--out", file.toString()));
        args.addAll(List.of(more));
        run(args.toArray(String[]::new));
        return pixels(file);
    }

    private static int[] pixels(Path file) {
        BufferedImage picture = Images.read(file);
        int width = picture.getWidth();
        return picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    }

    private void run(String... args) {
        err.reset();
        assertThat(exit(List.of(args))).as(err.toString()).isZero();
    }

    private int exit(List<String> args) {
        return Engine.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args.toArray(String[]::new));
    }
}
