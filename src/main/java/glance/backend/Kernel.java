package glance.backend;

/** Runs one kind of operation on one device. */
@FunctionalInterface
public interface Kernel<O extends Op> {
    /** Executes the operation, or queues it in order on the device's stream. */
    void run(O op);

    /** Why this device cannot run these arguments (dtype, size), or null if it can. */
    default String refuses(O op) {
        return null;
    }

    /** Scratch in bytes that {@link #run} takes from the device's memory and gives back. */
    default long workspaceBytes(O op) {
        return 0;
    }
}
