package glance;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The examples in the javadoc compile; JSON, which begins with a brace, is none of them. */
class JavadocExamplesTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern EXAMPLE =
            Pattern.compile("<pre>\\{@code\\n(?! *\\* *\\{)(.*?)\\}</pre>", Pattern.DOTALL);

    /** What examples may use without declaring it. */
    private static final String AROUND =
            """
            import glance.*;
            import glance.api.*;
            import glance.api.adapter.*;
            import glance.autograd.*;
            import glance.op.*;
            import glance.ops.*;
            import glance.tensor.*;
            import java.nio.file.Path;

            abstract class Example {
                Ops ops;
                Tensor x, w, b, dy, loraA, loraB;
                Path slow, fast, style, sketch, photo, mask;

                Object run() throws Exception {
                    if (ops != null) {
                        %s
                    }
                    return null;
                }
            }
            """;

    private record Example(Path file, String code) {}

    @TestFactory
    Stream<DynamicTest> example_compiles() throws IOException {
        return examples().stream()
                .map(
                        example ->
                                DynamicTest.dynamicTest(
                                        SOURCES.relativize(example.file()).toString(),
                                        () -> assertThat(errors(example.code())).isEmpty()));
    }

    @Test
    void examples_areFound_andWrongOnesFail() throws IOException {
        assertThat(examples())
                .extracting(example -> example.file().getFileName().toString())
                .contains("Glance.java", "Request.java", "Training.java", "Scope.java");
        assertThat(errors("ops.linear(x);")).isNotEmpty();
    }

    private static List<Example> examples() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .flatMap(JavadocExamplesTest::examples)
                    .toList();
        }
    }

    private static Stream<Example> examples(Path file) {
        try {
            Matcher matcher = EXAMPLE.matcher(Files.readString(file));
            return matcher.results()
                    .map(found -> found.group(1).replaceAll("(?m)^ *\\* ?", ""))
                    .map(code -> new Example(file, code));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the compiler says; it writes nothing. */
    private static List<String> errors(String code) throws IOException {
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(found, null, null)) {
            JavaFileObject source =
                    new SimpleJavaFileObject(
                            URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                        @Override
                        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                            return AROUND.formatted(code);
                        }
                    };
            List<String> options = List.of("-proc:none", "-cp", "target/classes");
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(null, files, found, options, null, List.of(source));
            task.analyze();
        }
        return found.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(diagnostic -> diagnostic.getMessage(null))
                .toList();
    }
}
