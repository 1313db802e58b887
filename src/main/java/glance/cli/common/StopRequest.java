package glance.cli.common;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The wish of the user, or of the system, that the command end: Ctrl-C, a termination signal, a
 * closed terminal. The JVM ends as soon as its shutdown hooks have; the hook here holds it until
 * the command has stopped by itself and removed what it was writing.
 */
public final class StopRequest {
    private static final long PATIENCE_SECONDS = 5;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean requested;

    /** Watches the end of this JVM on behalf of a command that {@code worker} runs. */
    public static StopRequest onShutdown(Thread worker) {
        StopRequest stop = new StopRequest();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop.hold(worker), "stop-request"));
        return stop;
    }

    /** Whether to stop. Commands ask between two pieces of work. */
    public boolean isRequested() {
        return requested;
    }

    /** Lets the JVM end. */
    public void commandEnded() {
        ended.countDown();
    }

    private void hold(Thread worker) {
        if (ended.getCount() == 0) {
            return;
        }
        requested = true;
        worker.interrupt();
        try {
            ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
