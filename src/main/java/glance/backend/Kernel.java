package glance.backend;

import glance.op.Op;
import java.util.List;

/** Runs one kind of operation on one device. */
@FunctionalInterface
public interface Kernel<O extends Op> {
    /** Executes the operation, or queues it in order on the device's stream. */
    void run(O op);

    /** Why this device cannot run these arguments (dtype, size), or null if it can. */
    default String refuses(O op) {
        return null;
    }

    /**
     * The names of its variants, in the order in which they are asked; none if it is the only way.
     */
    default List<String> variants() {
        return List.of();
    }

    /** The name of the variant that runs these arguments; null where there is one way alone. */
    default String variant(O op) {
        return null;
    }

    /** Whether it would read x in 8 bits, so that what makes x should round it. */
    default boolean readsRounded(O op) {
        return false;
    }

    /** Scratch in bytes that {@link #run} takes from the device's memory and gives back. */
    default long workspaceBytes(O op) {
        return 0;
    }
}
