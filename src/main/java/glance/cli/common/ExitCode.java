package glance.cli.common;

/** What the process tells its caller. */
public final class ExitCode {
    public static final int OK = 0;
    public static final int FAILURE = 1;
    public static final int WRONG_USE = 2;

    /** As shells report a process that Ctrl-C ended: 128 + SIGINT. */
    public static final int INTERRUPTED = 130;

    private ExitCode() {}
}
