package glance.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import javax.tools.ToolProvider;

/** Programs in {@code scripts/} that are one Java file. */
final class Script {
    private Script() {}

    /**
     * The class of a program.
     *
     * @param classes an empty folder
     */
    static Class<?> compile(String name, Path classes) throws Exception {
        Path file = Path.of("scripts", name + ".java");
        int failed =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, "-d", classes.toString(), file.toString());
        assertThat(failed).isZero();
        return new URLClassLoader(new URL[] {classes.toUri().toURL()}).loadClass(name);
    }
}
