package glance.spark;

import glance.api.CancelledException;
import glance.api.DeviceException;
import glance.api.RequestException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/** Whose fault a failure is, and what is said of it. */
final class Failures {
    /** What an executor threw, in the text that Spark makes of it. */
    private static final List<Pattern> REMOTE =
            List.of(
                    Pattern.compile("glance\\.api\\.\\w+: ([^\\n]+)"),
                    Pattern.compile("Caused by: ([^\\n]+)"),
                    Pattern.compile("executor [^)]*\\): ([^\\n]+)"));

    /** What the hub answers; what keeps it from answering is of other packages. */
    private static final String HUB = "glance.hub.";

    private static final int MAX_CHARS = 500;

    private Failures() {}

    /**
     * Returns if a row alone is to blame, which then fails while the job goes on; else throws what
     * Spark answers by running the task again, elsewhere if need be.
     */
    static void requireOfRow(RuntimeException e) {
        boolean isOfPlace =
                e instanceof CancelledException
                        || e instanceof UncheckedIOException
                        || e instanceof DeviceException device && !device.isOutOfMemory();
        if (isOfPlace) {
            throw e;
        }
    }

    /**
     * What it means that a file cannot be had which a row names: the row is to blame if no other
     * machine would fare better.
     *
     * @param what the column, and the file
     */
    static RuntimeException ofFile(String what, IOException e) {
        boolean isOfRow =
                e instanceof UnsupportedFileSystemException
                        || e instanceof AccessDeniedException
                        || e instanceof AccessControlException
                        || e instanceof FileNotFoundException
                        || e instanceof NoSuchFileException
                        || e.getClass().getName().startsWith(HUB);
        String message = what + " cannot be read: " + line(e.toString());
        return isOfRow ? new RequestException(message, e) : new UncheckedIOException(message, e);
    }

    /** One line about a failure. */
    static String reason(Throwable e) {
        boolean isWorded =
                e.getMessage() != null && e.getClass().getName().startsWith("glance.api.");
        return line(isWorded ? e.getMessage() : "bug in the engine: " + e);
    }

    /** One line about the end of a job. */
    static String ofJob(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null
                    && cause.getClass().getName().startsWith("glance.api.")) {
                return line(cause.getMessage());
            }
        }
        String text = String.valueOf(e.getMessage());
        for (Pattern pattern : REMOTE) {
            Matcher remote = pattern.matcher(text);
            if (remote.find()) {
                return line(remote.group(1));
            }
        }
        return line(text);
    }

    private static String line(String text) {
        String line = text.strip().replaceAll("\\s*\\R\\s*", " ");
        return line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS) + "...";
    }
}
