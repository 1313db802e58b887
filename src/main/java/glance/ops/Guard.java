package glance.ops;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Who may use an {@link Ops}: the thread that first used it, until it is closed. So a worker gets
 * one that another thread made, and closes it itself; if that thread has ended, any other may close
 * in its place.
 */
final class Guard {
    private final AtomicReference<Thread> owner = new AtomicReference<>();
    private volatile boolean closed;

    /**
     * @throws IllegalStateException if this thread may not use it, or nobody may any more
     */
    void check() {
        if (closed) {
            throw new IllegalStateException(
                    "these operations are closed: what was made with them is gone; open new ones"
                            + " with new Ops(device)");
        }
        checkThread();
    }

    /**
     * @throws IllegalStateException if this thread may not use it
     */
    void checkThread() {
        Thread caller = Thread.currentThread();
        // plain: a thread always sees its own write, and any other value leads to the slow way
        if (owner.getPlain() != caller && !owner.compareAndSet(null, caller)) {
            throw foreign(owner.get(), caller);
        }
    }

    /**
     * Before what is open is closed.
     *
     * @return whether there is anything to close
     * @throws IllegalStateException if that is up to another thread
     */
    boolean beginClose() {
        if (closed) {
            return false;
        }
        Thread known = owner.get();
        Thread caller = Thread.currentThread();
        boolean left = known == null || known == caller || !known.isAlive();
        if (!left || !owner.compareAndSet(known, caller)) {
            throw foreign(owner.get(), caller);
        }
        return true;
    }

    /** From now on nobody may use it. */
    void endClose() {
        closed = true;
    }

    private static IllegalStateException foreign(Thread owner, Thread caller) {
        return new IllegalStateException(
                "operations belong to the thread that first used them, "
                        + owner.getName()
                        + "; thread "
                        + caller.getName()
                        + " must hand its work to that thread, or use a device and operations of"
                        + " its own");
    }
}
