package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.ExitCode;
import glance.cli.common.Stdin;
import glance.cli.common.StopRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipedPromptsTest {
    private static final String NOTE = "several prompts of one word each";

    @TempDir private Path folder;
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int generate(String piped, boolean terminal, String... prompts) {
        Stdin in =
                new Stdin(
                        new ByteArrayInputStream(piped.getBytes(StandardCharsets.UTF_8)), terminal);
        String[] args = new String[prompts.length + 8];
        args[0] = "generate";
        System.arraycopy(prompts, 0, args, 1, prompts.length);
        String[] rest = {
            "--plan", "1", "--size", "32x32", "--out", folder + "/{prompt}.png", "--no-lora"
        };
        System.arraycopy(rest, 0, args, 1 + prompts.length, rest.length);
        return Engine.run(
                in,
                new PrintStream(new ByteArrayOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new StopRequest(),
                args);
    }

    private String said() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void withoutPrompt_whatIsPipedInIsDrawn() {
        assertThat(generate("# two\na cat\nheart\n", false)).as(said()).isZero();
        assertThat(folder.resolve("a-cat.png")).exists();
        assertThat(folder.resolve("heart.png")).exists();
        assertThat(said()).doesNotContain(NOTE, "waiting for prompts");
    }

    @Test
    void nothingPipedIn_andATerminal_areTheUsualError() {
        assertThat(generate("", false)).isEqualTo(ExitCode.WRONG_USE);
        assertThat(said()).contains("no prompt given; say what").hasLineCount(1);
        err.reset();
        assertThat(generate("a cat", true)).isEqualTo(ExitCode.WRONG_USE);
        assertThat(said().lines()).hasSize(1).first().asString().contains("no prompt given; say");
    }

    @Test
    void withAPrompt_nothingIsRead() {
        assertThat(generate("a cat", false, "a dog")).as(said()).isZero();
        assertThat(folder.resolve("a-cat.png")).doesNotExist();
    }

    @Test
    void wordsWithoutQuotes_areDrawnWithAdvice() {
        assertThat(generate("", false, "a", "red", "circle")).as(said()).isZero();
        assertThat(folder.resolve("a.png")).exists();
        assertThat(folder.resolve("circle.png")).exists();
        assertThat(said().lines().filter(line -> line.contains(NOTE))).hasSize(1);
    }
}
