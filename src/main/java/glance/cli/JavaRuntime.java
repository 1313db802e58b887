package glance.cli;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;

/** What the running Java runtime consists of. */
final class JavaRuntime {
    private JavaRuntime() {}

    static boolean hasModule(String name) {
        return isListed(new File(System.getProperty("java.home"), "release"), name)
                || ModuleFinder.ofSystem().find(name).isPresent();
    }

    /**
     * Whether a runtime's file {@code release} lists a module. Reading it is quick, reading the
     * modules themselves takes tens of milliseconds.
     */
    static boolean isListed(File release, String module) {
        try (InputStream in = new FileInputStream(release)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            int from = text.indexOf("MODULES=\"");
            if (from < 0) {
                return false;
            }
            int start = text.indexOf('"', from) + 1;
            int end = text.indexOf('"', start);
            String modules = text.substring(start, end < 0 ? start : end);
            return " ".concat(modules).concat(" ").contains(" ".concat(module).concat(" "));
        } catch (IOException e) {
            return false;
        }
    }
}
