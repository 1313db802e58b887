package glance.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * A fixed team of threads that share a loop. Tasks are handed out one by one, so uneven tasks
 * balance; each task must write only its own results and not depend on the others.
 */
final class Workers implements AutoCloseable {
    /** Elements that are worth waking another thread for. */
    private static final int TASK_ELEMENTS = 1 << 14;

    /** Looks for the next loop this often before a helper sleeps: about 50 microseconds. */
    private static final int SPINS = 1000;

    private final Thread[] helpers;
    private final Object lock = new Object();
    private volatile Loop current = new Loop(0, i -> {});
    private volatile boolean closed;

    private static final class Loop {
        final int count;
        final IntConsumer body;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        volatile Throwable failure;

        Loop(int count, IntConsumer body) {
            this.count = count;
            this.body = body;
        }

        void work() {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                try {
                    if (failure == null) {
                        body.accept(i);
                    }
                } catch (RuntimeException | Error e) {
                    failure = e;
                } finally {
                    done.incrementAndGet();
                }
            }
        }
    }

    Workers(int threads) {
        helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Thread(this::serve, "glance-cpu-" + (i + 1));
            helpers[i].setDaemon(true);
            helpers[i].start();
        }
    }

    /** Number of threads, the caller included. */
    int threads() {
        return helpers.length + 1;
    }

    /** Runs {@code body} for 0 to count - 1 on all threads and returns when all are done. */
    void forEach(int count, IntConsumer body) {
        if (count <= 1 || helpers.length == 0) {
            for (int i = 0; i < count; i++) {
                body.accept(i);
            }
            return;
        }
        Loop loop = new Loop(count, body);
        synchronized (lock) {
            current = loop;
            lock.notifyAll();
        }
        loop.work();
        while (loop.done.get() < count) {
            Thread.onSpinWait();
        }
        if (loop.failure instanceof Error e) {
            throw e;
        }
        if (loop.failure instanceof RuntimeException e) {
            throw e;
        }
    }

    /**
     * Runs {@code body} for 0 to count - 1, several neighbours to a task so that a task is worth
     * its start.
     *
     * @param size elements that one call of the body handles
     */
    void forEachRange(int count, int size, IntConsumer body) {
        int perTask = Math.max(1, TASK_ELEMENTS / Math.max(1, size));
        forEach(
                (count + perTask - 1) / perTask,
                task -> {
                    int end = Math.min(count, (task + 1) * perTask);
                    for (int i = task * perTask; i < end; i++) {
                        body.accept(i);
                    }
                });
    }

    private void serve() {
        Loop seen = current;
        while (!closed) {
            for (int spin = 0; spin < SPINS && current == seen; spin++) {
                Thread.onSpinWait();
            }
            synchronized (lock) {
                while (current == seen && !closed) {
                    try {
                        lock.wait();
                    } catch (InterruptedException e) {
                        return;
                    }
                }
            }
            seen = current;
            seen.work();
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
    }
}
