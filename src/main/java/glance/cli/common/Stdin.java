package glance.cli.common;

import java.io.InputStream;

/**
 * Standard input.
 *
 * @param stream what can be read from it
 * @param isTerminal whether a person would have to type it
 */
public record Stdin(InputStream stream, boolean isTerminal) {
    /** That of the process. */
    public static Stdin ofProcess() {
        return new Stdin(System.in, Terminal.isStdin());
    }

    /** Where there is nothing to read. */
    public static Stdin none() {
        return new Stdin(InputStream.nullInputStream(), false);
    }
}
