package glance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of README's "Use it from Java", against the library's jar. */
class LibraryExampleIT {
    private static final Path SOURCE = Path.of("examples/library/src/main/java/Draw.java");

    /** What is on the path of these tests, but not of who depends on the library. */
    private static final List<String> OPTIONAL = List.of("picocli", "progressbar");

    private static final String SLOW =
            "CPU kernels: plain Java, several times slower than SIMD; start java with --add-modules"
                    + " jdk.incubator.vector";

    @TempDir private Path folder;

    /** The library, its dependencies and a binding for its log: nothing of the command line. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .filter(entry -> OPTIONAL.stream().noneMatch(entry::contains))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private String run(String... options) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter problems = new StringWriter();
        List<String> arguments =
                List.of("-Xlint:all,-path", "-Werror", "-cp", classPath(), "-d", folder.toString());
        assertThat(
                        compiler.getTask(
                                        problems,
                                        null,
                                        null,
                                        arguments,
                                        null,
                                        compiler.getStandardFileManager(null, null, null)
                                                .getJavaFileObjects(SOURCE))
                                .call())
                .as(problems.toString())
                .isTrue();
        List<String> command =
                new ArrayList<>(
                        List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", folder + File.pathSeparator + classPath(), "Draw"));
        Path output = folder.resolve("output.txt");
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        String text = Files.readString(output);
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    @Test
    void readme_showsTheProgram() throws IOException {
        assertThat(Files.readString(Path.of("README.md")))
                .contains("```java\n" + Files.readString(SOURCE) + "```");
    }

    @Test
    void program_makesThePictures() throws Exception {
        String text = run("--add-modules=jdk.incubator.vector");
        assertThat(text).contains("5 of 5").doesNotContain(SLOW);
        assertThat(folder.resolve("stars.png")).isNotEmptyFile();
        assertThat(folder.resolve("42.png")).isNotEmptyFile();
        assertThat(folder.resolve("43.png")).isNotEmptyFile();
    }

    @Test
    void withoutTheVectorModule_itRuns_andSaysSoOnce() throws Exception {
        assertThat(run()).containsOnlyOnce(SLOW);
        assertThat(folder.resolve("stars.png")).isNotEmptyFile();
    }
}
