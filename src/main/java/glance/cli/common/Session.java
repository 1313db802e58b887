package glance.cli.common;

import glance.text.PrintableText;
import java.io.PrintStream;

/**
 * What a command needs from around it.
 *
 * @param out results
 * @param err messages and progress
 * @param stop whether the user wants it to end
 * @param verbose whether the user asked for details
 * @param in what is piped in
 */
public record Session(
        PrintStream out, PrintStream err, StopRequest stop, boolean verbose, Stdin in) {
    /** With nothing piped in. */
    public Session(PrintStream out, PrintStream err, StopRequest stop, boolean verbose) {
        this(out, err, stop, verbose, Stdin.none());
    }

    /** One line for the user that is no error. */
    public void note(String message) {
        err.println("glance-engine: " + PrintableText.line(message));
    }

    /** One line for the user about what went wrong, with the trace if details were asked for. */
    public void error(Throwable e) {
        error(Problem.describe(e), e);
    }

    /** One line for the user about what went wrong. */
    public void error(String line) {
        note("error: " + line);
    }

    /** As above, in given words. */
    public void error(String line, Throwable e) {
        error(line);
        if (verbose) {
            e.printStackTrace(err);
        }
    }
}
