package glance.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is known about the terminal behind stderr. */
final class Terminal {
    /** Set in the second JVM, whose own stderr is a pipe: whether the first one's is a terminal. */
    static final String STDERR_PROPERTY = "glance.stderr.terminal";

    private static final int DEFAULT_COLUMNS = 80;

    private Terminal() {}

    /** Whether a person sees stderr, so that a progress bar may redraw its line. */
    static boolean isStderr() {
        String known = System.getProperty(STDERR_PROPERTY);
        if (known != null) {
            return Boolean.parseBoolean(known);
        }
        if ("dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/2"));
            return target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException e) {
            // Without /proc the best guess is the console, which needs stdin and stdout both.
            return System.console() != null;
        }
    }

    /** Width of a line. */
    static int columns() {
        try {
            return Math.max(40, Integer.parseInt(System.getenv("COLUMNS")));
        } catch (NumberFormatException e) {
            return DEFAULT_COLUMNS;
        }
    }
}
