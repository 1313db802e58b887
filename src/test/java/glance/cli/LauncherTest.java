package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script glance-engine, with a Java that only says how it was called. */
class LauncherTest {
    @TempDir private Path folder;
    private Path script;
    private Path jar;

    @BeforeEach
    void install() throws IOException {
        Path home = Files.createDirectories(folder.resolve("my engine"));
        script = home.resolve("glance-engine");
        jar = Files.createFile(home.resolve("glance-engine.jar"));
        Files.copy(Path.of("scripts/glance-engine"), script);
        script.toFile().setExecutable(true);
        Path java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 7\n");
        java.toFile().setExecutable(true);
    }

    private String run(Path command, int exitCode, Map<String, String> more, String... args)
            throws Exception {
        String[] line = new String[args.length + 1];
        line[0] = command.toString();
        System.arraycopy(args, 0, line, 1, args.length);
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().remove("JAVA_OPTS");
        builder.environment().putAll(more);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isEqualTo(exitCode);
        return said;
    }

    @Test
    void arguments_areHandedOnAsTheyAre() throws Exception {
        assertThat(run(script, 7, Map.of(), "generate", "a  red *", "", "--seed"))
                .isEqualTo("[-jar][" + jar.toRealPath() + "][generate][a  red *][][--seed]");
    }

    @Test
    void optionsOfTheJvm_areSplitAtBlanks() throws Exception {
        assertThat(run(script, 7, Map.of("JAVA_OPTS", " -Xmx2g  -Dx=* "), "info"))
                .isEqualTo("[-Xmx2g][-Dx=*][-jar][" + jar.toRealPath() + "][info]");
    }

    @Test
    void links_leadToTheJar() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Path first =
                Files.createSymbolicLink(
                        bin.resolve("engine"), Path.of("../my engine/glance-engine"));
        Path second = Files.createSymbolicLink(folder.resolve("g"), first);
        assertThat(run(second, 7, Map.of())).isEqualTo("[-jar][" + jar.toRealPath() + "]");
    }

    @Test
    void whatIsMissing_isNamed() throws Exception {
        assertThat(run(script, 1, Map.of("JAVA_HOME", "/no/jdk")))
                .isEqualTo("glance-engine: error: JAVA_HOME is /no/jdk, which has no bin/java\n");
        Files.delete(jar);
        assertThat(run(script, 1, Map.of()))
                .startsWith("glance-engine: error: no glance-engine.jar beside ")
                .hasLineCount(1);
    }
}
