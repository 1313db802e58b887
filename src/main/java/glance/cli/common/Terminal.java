package glance.cli.common;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What is known about the terminal behind stderr. */
public final class Terminal {
    /** Set in the second JVM, whose own stderr is a pipe: whether the first one's is a terminal. */
    public static final String STDERR_PROPERTY = "glance.stderr.terminal";

    private static final int DEFAULT_COLUMNS = 80;

    private Terminal() {}

    /** Whether a person sees stderr, so that a progress bar may redraw its line. */
    public static boolean isStderr() {
        String known = System.getProperty(STDERR_PROPERTY);
        if (known != null) {
            return Boolean.parseBoolean(known);
        }
        if ("dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        // Without /proc the best guess is the console, which needs stdin and stdout both.
        return isTerminal(2).orElseGet(() -> System.console() != null);
    }

    /** Whether what is read from stdin is typed by a person. */
    static boolean isStdin() {
        return isTerminal(0).orElseGet(() -> System.console() != null);
    }

    /** Whether a file descriptor is a terminal, where the system tells. */
    private static Optional<Boolean> isTerminal(int descriptor) {
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
            return Optional.of(
                    target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty"));
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    /** Width of a line: as the environment says, else as the terminal does. */
    public static int columns() {
        int columns = number(System.getenv("COLUMNS"));
        return columns > 0 ? columns : known();
    }

    private static int known() {
        try {
            Process stty =
                    new ProcessBuilder("stty", "size")
                            .redirectInput(new File("/dev/tty"))
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            String[] rowsAndColumns =
                    new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                            .strip()
                            .split(" ");
            int columns = number(rowsAndColumns[rowsAndColumns.length - 1]);
            return columns > 0 ? columns : DEFAULT_COLUMNS;
        } catch (IOException e) {
            return DEFAULT_COLUMNS;
        }
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
