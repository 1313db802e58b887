package glance.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script of the bundle before it runs anything; the stages themselves are run by CI. */
class RunChecksTest {
    private record Result(int exitCode, String output) {}

    @TempDir private Path folder;

    @Test
    void help_isTheCommentAtTheTop() throws Exception {
        Result result = run("--help");
        assertThat(result.exitCode).isZero();
        assertThat(result.output)
                .startsWith("Checks and measures the engine on the GPU of this host")
                .contains("--quick", "--patience N")
                .doesNotContain("set -");
    }

    @Test
    void wrongUse_isExplained() throws Exception {
        assertThat(run("--device"))
                .isEqualTo(new Result(2, "run-checks: --device needs a value; see --help\n"));
        assertThat(run("--fast"))
                .isEqualTo(new Result(2, "run-checks: unknown option --fast; see --help\n"));
        assertThat(run("--checkout", folder.toString()))
                .isEqualTo(
                        new Result(
                                2,
                                "run-checks: no weights/ and src/test/fixtures in "
                                        + folder
                                        + "; give --checkout DIR\n"));
    }

    @Test
    void stages_areThoseOfTheDocument() throws Exception {
        String script = Files.readString(Path.of("scripts/bundle/run-checks"));
        String page = Files.readString(Path.of("docs/gpu.md"));
        List<String> stages =
                script.lines()
                        .map(String::strip)
                        .filter(line -> line.matches("stage [a-z0-9-]+ .*"))
                        .map(line -> line.split(" ")[1])
                        .toList();
        assertThat(stages).hasSizeGreaterThan(6).allMatch(name -> page.contains("| " + name));
    }

    private static Result run(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("bash", "scripts/bundle/run-checks"));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        byte[] output = process.getInputStream().readAllBytes();
        return new Result(process.waitFor(), new String(output, StandardCharsets.UTF_8));
    }
}
