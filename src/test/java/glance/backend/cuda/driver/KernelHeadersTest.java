package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import glance.roofline.BenchSettings;
import glance.roofline.Scale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The header of a kernel file says what launches it, what tests it, and what measures it. */
class KernelHeadersTest {
    private static final Pattern LAUNCHER = Pattern.compile("Launcher: ([\\w.]+\\w)\\.");
    private static final Pattern TESTS = Pattern.compile("Test: ([\\w.]+\\w(?:, \\w+)*)\\.");
    private static final Pattern BENCHMARK =
            Pattern.compile(
                    "Benchmark: (?:none, .+|bench kernels (?:--dtype f32 )?"
                            + "(?:--variant (\\w+)=\\w+ )?--only (.+))\\.$");

    static List<String> kernels() {
        return KernelFiles.KERNELS;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void header_namesLauncherAndTests_thatExist(String name) throws Exception {
        String header = header(name);
        assertThat(sourceOf("main", found(LAUNCHER, header).group(1))).isRegularFile();
        String[] tests = found(TESTS, header).group(1).split(", ");
        String folder = tests[0].substring(0, tests[0].lastIndexOf('.') + 1);
        assertThat(sourceOf("test", tests[0])).isRegularFile();
        Arrays.stream(tests)
                .skip(1)
                .forEach(other -> assertThat(sourceOf("test", folder + other)).isRegularFile());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void header_endsWithABenchmark_thatIsThere(String name) throws Exception {
        Matcher benchmark = found(BENCHMARK, header(name));
        String only = benchmark.group(2);
        if (only != null) {
            Pattern pattern = Pattern.compile(only.replaceAll("^'(.*)'$", "$1"));
            assertThat(new BenchSettings(new Scale(1), 1, pattern, true, 0).names()).isNotEmpty();
        }
        if (benchmark.group(1) != null) {
            Path variants = sourceOf("main", "glance.backend.cuda.CudaVariants");
            assertThat(Files.readString(variants)).contains('"' + benchmark.group(1) + '"');
        }
    }

    /** The comment at the top in one line. */
    private static String header(String name) throws IOException {
        return Files.readAllLines(Path.of("kernels", name + ".cu")).stream()
                .takeWhile(line -> line.startsWith("//"))
                .map(line -> line.substring(2).strip())
                .collect(Collectors.joining(" "));
    }

    private static Matcher found(Pattern pattern, String header) {
        Matcher matcher = pattern.matcher(header);
        assertThat(matcher.find()).as("%s in: %s", pattern, header).isTrue();
        return matcher;
    }

    private static Path sourceOf(String part, String className) {
        return Path.of("src/" + part + "/java/" + className.replace('.', '/') + ".java");
    }
}
