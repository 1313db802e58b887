package glance.tensor;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A block of memory that a device owns, counted by reference. Tensors are views on it. What is
 * inside (an array, mapped file pages, a GPU address) only its device knows.
 */
public abstract class Storage {
    private final AtomicInteger references = new AtomicInteger(1);

    /** Size of the block in bytes. */
    public abstract long bytes();

    /** Takes one more reference. */
    public final void retain() {
        if (references.getAndIncrement() <= 0) {
            throw new IllegalStateException("storage used after it was freed");
        }
    }

    /** Gives one reference back; the last one frees the block. */
    public final void release() {
        int left = references.decrementAndGet();
        if (left == 0) {
            free();
        } else if (left < 0) {
            throw new IllegalStateException("storage released more often than retained");
        }
    }

    /** Whether the block was freed; its content must not be touched any more. */
    public final boolean isFreed() {
        return references.get() <= 0;
    }

    /** Returns the block to its device. Called once, by the last {@link #release}. */
    protected abstract void free();
}
