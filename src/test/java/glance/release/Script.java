package glance.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** Programs in {@code scripts/}: one Java file, or a folder of them. */
final class Script {
    private Script() {}

    /**
     * The class of a program.
     *
     * @param place its file or folder in {@code scripts/}
     * @param classes an empty folder
     */
    static Class<?> compile(String place, String name, Path classes) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString()));
        try (Stream<Path> files = Files.walk(Path.of("scripts", place))) {
            files.filter(file -> file.toString().endsWith(".java"))
                    .forEach(file -> arguments.add(file.toString()));
        }
        int failed =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, arguments.toArray(String[]::new));
        assertThat(failed).isZero();
        return new URLClassLoader(new URL[] {classes.toUri().toURL()}).loadClass(name);
    }
}
