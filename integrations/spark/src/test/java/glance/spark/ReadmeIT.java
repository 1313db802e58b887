package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README says to type works, in a folder that looks like that of the checkout. */
class ReadmeIT {
    private static final Pattern BLOCK = Pattern.compile("(?s)```sh\n(.*?)```");

    @TempDir Path folder;

    @Test
    void localExample_drawsWhatItSays() throws Exception {
        Path integrations = Path.of("..").toRealPath();
        Files.createSymbolicLink(folder.resolve("integrations"), integrations);
        String commands = block("prompts.jsonl --out drawn --local");
        String script = "set -e; unset SPARK_HOME; cd '" + folder + "'\n" + commands;
        try (SparkRun run = SparkRun.start(folder.resolve("log"), List.of("bash", "-c", script))) {
            assertThat(run.await()).as(run.said()).isZero();
            assertThat(run.said()).contains("2 pictures drawn, 0 kept, 1 failed, in ");
        }
        try (Stream<Path> pictures = Files.list(folder.resolve("drawn/pictures"))) {
            assertThat(pictures.map(path -> path.getFileName().toString()))
                    .hasSize(2)
                    .anyMatch(name -> name.startsWith("circle-"))
                    .anyMatch(name -> name.startsWith("stars-"));
        }
        assertThat(folder.resolve("drawn/manifest/_SUCCESS")).exists();
    }

    /** The commands of the README that have a text. */
    private static String block(String text) throws Exception {
        Matcher blocks = BLOCK.matcher(Files.readString(Path.of("README.md")));
        while (blocks.find()) {
            if (blocks.group(1).contains(text)) {
                return blocks.group(1);
            }
        }
        throw new AssertionError("README.md has no commands with " + text);
    }
}
