package glance.cli;

import glance.cli.common.ExitCode;

/** Ends this JVM when the one that started it is gone, however that one ended. */
final class ParentWatch {
    private static final long POLL_MILLIS = 500;

    private ParentWatch() {}

    /** Starts watching, if this JVM was started by {@link Relaunch}. */
    static void start() {
        Long parent = Long.getLong(Relaunch.PARENT_PROPERTY);
        if (parent != null) {
            Thread watch = new Thread(() -> watch(parent), "parent-watch");
            watch.setDaemon(true);
            watch.start();
        }
    }

    /**
     * The system gives an orphan another parent at once. That is a surer sign than the liveness of
     * the old one, which stays in the process table until someone collects its exit code.
     */
    private static void watch(long expected) {
        while (parentPid() == expected) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
        System.exit(ExitCode.FAILURE);
    }

    private static long parentPid() {
        return ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(-1L);
    }
}
