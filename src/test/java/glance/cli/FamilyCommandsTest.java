package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.StopRequest;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinySd3;
import glance.io.Images;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on families that have no model in the build. */
class FamilyCommandsTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @Test
    void dit_drawsAClass() throws Exception {
        TinyFolder tiny = TinyDit.in(folder.resolve("model"));
        Path adapter = tiny.adapter("transformer_blocks.1.attn1.to_v", 32, 32);
        runsOn(tiny, "goldfish", adapter, "DiTPipeline");
        assertThat(run("generate", "dog", "--model", tiny.path().toString())).isNotZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("class 'dog'");
    }

    @Test
    void sd3_drawsAPrompt() throws Exception {
        TinyFolder tiny = TinySd3.in(folder.resolve("model"));
        Path adapter = tiny.adapter("transformer_blocks.0.attn2.to_q", 32, 32);
        runsOn(tiny, "a red circle", adapter, "StableDiffusion3Pipeline");
    }

    private void runsOn(TinyFolder tiny, String prompt, Path adapter, String pipeline)
            throws Exception {
        Path first = generate(tiny, prompt, "first.png");
        assertThat(Images.read(first).getWidth()).isEqualTo(16);
        assertThat(Files.readAllBytes(generate(tiny, prompt, "first.png")))
                .isEqualTo(Files.readAllBytes(first));
        Path adapted = generate(tiny, prompt, "adapted.png", "--lora", adapter + "@slow");
        assertThat(Images.read(adapted).getRGB(0, 0, 16, 16, null, 0, 16))
                .isNotEqualTo(Images.read(first).getRGB(0, 0, 16, 16, null, 0, 16));
        Path trained = train(tiny, prompt, first);
        assertThat(
                        Images.read(
                                        generate(
                                                tiny,
                                                prompt,
                                                "trained.png",
                                                "--lora",
                                                trained.toString()))
                                .getRGB(0, 0, 16, 16, null, 0, 16))
                .isNotEqualTo(Images.read(first).getRGB(0, 0, 16, 16, null, 0, 16));
        err.reset();
        String alone = folder.resolve("alone.png").toString();
        String[] noPlan = {
            "generate", prompt, "--model", tiny.path().toString(), "--lora", trained.toString()
        };
        assertThat(run(withOut(noPlan, alone))).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("plan glance (10 steps)");
        assertThat(run("info", tiny.path().toString())).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains(pipeline, "AutoencoderKL", "run memory");
    }

    /** An adapter for the slow phase. */
    private Path train(TinyFolder tiny, String caption, Path picture) {
        Path target = folder.resolve("trained");
        String[] args = {
            "train",
            "--model",
            tiny.path().toString(),
            "--image",
            picture.toString(),
            "--caption",
            caption,
            "--phase",
            "slow",
            "--steps",
            "3",
            "--rate",
            "0.05",
            "--cache",
            folder.resolve("cache").toString(),
            "--out",
            target.toString()
        };
        assertThat(run(args)).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return target.resolve("slow.safetensors");
    }

    private Path generate(TinyFolder tiny, String prompt, String name, String... more)
            throws Exception {
        Path file = folder.resolve(name);
        Files.deleteIfExists(file);
        String[] fixed = {
            "generate",
            prompt,
            "--model",
            tiny.path().toString(),
            "--plan",
            "glance",
            "--seed",
            "7",
            "--out",
            file.toString()
        };
        String[] all = Arrays.copyOf(fixed, fixed.length + more.length);
        System.arraycopy(more, 0, all, fixed.length, more.length);
        assertThat(run(all)).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return file;
    }

    private static String[] withOut(String[] args, String file) {
        String[] all = Arrays.copyOf(args, args.length + 2);
        all[args.length] = "--out";
        all[args.length + 1] = file;
        return all;
    }

    private int run(String... args) {
        return Engine.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args);
    }
}
