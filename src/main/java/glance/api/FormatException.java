package glance.api;

import glance.text.PrintableText;
import java.nio.file.Path;

/**
 * A file cannot be used: it is missing, unreadable, damaged, or holds something unsupported.
 *
 * <p>The message is one line, {@code <file>: <tensor or key>: <reason>; <remedy>}. Text that came
 * out of the file is shortened and stripped of control characters, so that a hostile name cannot
 * flood or fake a log.
 */
public final class FormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param file the file, or null if none is known
     * @param where the tensor or key, or null if the whole file is meant
     * @param reason what was expected and what was found
     * @param remedy what the user can do, or null
     */
    public FormatException(Path file, String where, String reason, String remedy) {
        this(file, where, reason, remedy, null);
    }

    /** As above, with the exception that revealed the damage. */
    public FormatException(Path file, String where, String reason, String remedy, Throwable cause) {
        super(compose(file, where, reason, remedy), cause);
    }

    private static String compose(Path file, String where, String reason, String remedy) {
        StringBuilder message = new StringBuilder();
        if (file != null) {
            message.append(file).append(": ");
        }
        if (where != null) {
            message.append(PrintableText.quoted(where)).append(": ");
        }
        message.append(reason);
        if (remedy != null) {
            message.append("; ").append(remedy);
        }
        return message.toString();
    }
}
