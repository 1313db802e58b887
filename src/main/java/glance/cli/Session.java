package glance.cli;

import java.io.PrintStream;

/**
 * What a command needs from around it.
 *
 * @param out results
 * @param err messages and progress
 * @param stop whether the user wants it to end
 * @param verbose whether the user asked for details
 */
record Session(PrintStream out, PrintStream err, StopRequest stop, boolean verbose) {
    /** One line for the user that is no error. */
    void note(String message) {
        err.println("glance-engine: " + message);
    }
}
