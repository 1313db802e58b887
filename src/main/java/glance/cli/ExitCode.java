package glance.cli;

/** What the process tells its caller. */
final class ExitCode {
    static final int OK = 0;
    static final int FAILURE = 1;
    static final int WRONG_USE = 2;

    /** As shells report a process that Ctrl-C ended: 128 + SIGINT. */
    static final int INTERRUPTED = 130;

    private ExitCode() {}
}
