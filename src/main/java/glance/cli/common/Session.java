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
 * @param offline whether no network may be used
 */
public record Session(
        PrintStream out,
        PrintStream err,
        StopRequest stop,
        boolean verbose,
        Stdin in,
        boolean offline) {
    /** With nothing piped in. */
    public Session(PrintStream out, PrintStream err, StopRequest stop, boolean verbose) {
        this(out, err, stop, verbose, Stdin.none(), false);
    }

    /** The same, for what the user did not ask for: no network may be used. */
    public Session withoutNetwork() {
        return new Session(out, err, stop, verbose, in, true);
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
