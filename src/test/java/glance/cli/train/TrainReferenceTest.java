package glance.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.TinyFlux2;
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

/** {@code train --reference}: a picture and what it is made from. */
class TrainReferenceTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @BeforeEach
    void write() {
        TinyFlux2.distilled(in("klein"));
        picture("after.png", 0x2828d6);
        picture("before.png", 0xd62828);
        picture("more.png", 0x28d628);
    }

    private Path in(String name) {
        return folder.resolve(name);
    }

    private void picture(String name, int rgb) {
        BufferedImage picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(3, 4, rgb);
        Images.writePng(in(name), picture, Map.of());
    }

    private int train(String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--model", in("klein").toString()));
        args.addAll(List.of("--size", "16", "--rank", "2", "--phase", "slow", "--steps", "2"));
        args.addAll(List.of("--cache", in("cache").toString()));
        args.addAll(List.of(more));
        return run(args);
    }

    private int run(List<String> args) {
        err.reset();
        return Engine.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args.toArray(String[]::new));
    }

    private String[] triple(String out, String... references) {
        List<String> args = new ArrayList<>(List.of("--image", in("after.png").toString()));
        for (String reference : references) {
            args.addAll(List.of("--reference", in(reference).toString()));
        }
        args.addAll(List.of("--caption", "a blue dot", "--out", in(out).toString()));
        return args.toArray(String[]::new);
    }

    @Test
    void references_areKeptForResume_andInTheCommandThatDraws() {
        assertThat(train(triple("whole", "before.png", "more.png"))).as(err.toString()).isZero();
        assertThat(err.toString())
                .contains(
                        " --reference "
                                + in("before.png")
                                + " --reference "
                                + in("more.png")
                                + " --lora ");
        assertThat(run(List.of("train", "--resume", "--out", in("whole") + "", "--steps", "3")))
                .as(err.toString())
                .isZero();
        assertThat(err.toString()).contains("slow: goes on after step 2");
        assertThat(run(List.of("train", "--resume", "--out", in("whole") + "", "--image", "x")))
                .isEqualTo(ExitCode.WRONG_USE);
        // other references, or the same in another order, make another run
        String[] swapped = triple("whole", "more.png", "before.png");
        List<String> again = new ArrayList<>(List.of("--resume"));
        again.addAll(List.of(swapped));
        assertThat(train(again.toArray(String[]::new))).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString()).contains("another run, which differs in references;");
    }

    @Test
    void alias_file_andFolder_trainTheSame() throws IOException {
        assertThat(train(triple("one", "before.png"))).as(err.toString()).isZero();
        String image = in("after.png").toString();
        assertThat(
                        train(
                                "--image",
                                image,
                                "--ref-image",
                                in("before.png") + "",
                                "--caption",
                                "a blue dot",
                                "--out",
                                in("two") + ""))
                .as(err.toString())
                .isZero();
        Path config =
                Files.writeString(
                        in("train.yaml"),
                        "image: "
                                + image
                                + "\ncaption: a blue dot\nreferences: ["
                                + in("before.png")
                                + "]\n");
        assertThat(train("--config", config + "", "--out", in("three") + ""))
                .as(err.toString())
                .isZero();
        Path data = Files.createDirectories(in("data"));
        Files.copy(in("after.png"), data.resolve("a.png"));
        Files.copy(in("before.png"), data.resolve("a.ref.png"));
        Files.writeString(data.resolve("a.txt"), "a blue dot");
        assertThat(train("--data", data + "", "--out", in("four") + "")).as(err + "").isZero();
        assertThat(err.toString()).contains("1 picture,").doesNotContain("left out");
        assertThat(err.toString()).doesNotContain("has no reference");
        for (String other : List.of("two", "three", "four")) {
            assertThat(in(other + "/slow.checkpoint.safetensors"))
                    .hasSameBinaryContentAs(in("one/slow.checkpoint.safetensors"));
        }
    }

    @Test
    void forgottenReference_isWarnedOf() throws IOException {
        Path data = Files.createDirectories(in("data"));
        Files.copy(in("after.png"), data.resolve("a.png"));
        Files.copy(in("before.png"), data.resolve("a.ref.png"));
        Files.copy(in("more.png"), data.resolve("b.png"));
        Files.writeString(data.resolve("a.txt"), "a blue dot");
        Files.writeString(data.resolve("b.txt"), "a green dot");
        assertThat(train("--data", data + "", "--out", in("out") + "")).as(err + "").isZero();
        assertThat(err.toString()).containsOnlyOnce("b.png: has no reference, as 1 of 2 pictures;");
    }

    @Test
    void referencesWithoutAPicture_areWrongUse() {
        assertThat(train("--data", folder + "", "--reference", in("before.png") + ""))
                .isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString())
                .contains("--reference: goes with --image", "NAME.ref.png beside NAME.png")
                .hasLineCount(1);
        assertThat(train(triple("out", "none.png"))).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("--reference " + in("none.png") + ": no such file");
        List<String> builtIn = new ArrayList<>(List.of("train"));
        builtIn.addAll(List.of(triple("out", "before.png")));
        assertThat(run(builtIn)).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString())
                .contains("after.png: this model takes no reference pictures")
                .hasLineCount(1);
    }
}
