package glance;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * The thread that a device belongs to. Work from any thread queues here and is done one piece after
 * the other.
 */
final class Worker implements AutoCloseable {
    private final ExecutorService queue;
    private volatile Thread thread;

    Worker(String name) {
        queue =
                Executors.newSingleThreadExecutor(
                        work -> {
                            Thread made = new Thread(work, name);
                            made.setDaemon(true);
                            thread = made;
                            return made;
                        });
    }

    /** Does work that cannot be cancelled. */
    void run(Runnable work) {
        call(
                cancelled -> {
                    work.run();
                    return null;
                });
    }

    /**
     * Does work, and waits for it. If the waiting thread is interrupted, the work is told, and
     * waited for all the same.
     *
     * @param work gets a flag that says whether to end
     * @throws IllegalStateException if this worker is closed, or calls itself
     */
    <T> T call(Function<AtomicBoolean, T> work) {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException(
                    "a listener cannot call the model that it listens to; hand the call to another"
                            + " thread");
        }
        AtomicBoolean cancelled = new AtomicBoolean();
        Future<T> result;
        try {
            result = queue.submit(() -> work.apply(cancelled));
        } catch (RejectedExecutionException e) {
            throw new IllegalStateException(
                    "this engine is closed; open a new one with Glance.open", e);
        }
        return await(result, cancelled);
    }

    private static <T> T await(Future<T> result, AtomicBoolean cancelled) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    cancelled.set(true);
                }
            }
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException rethrown(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }

    /** Takes no more work; what waits is still done. */
    @Override
    public void close() {
        queue.shutdown();
    }
}
