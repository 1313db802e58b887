package glance.ops;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How much of a device's memory weights may take. Components that are opened under a limit keep it:
 * those whose weights have no room leave some of their blocks in host memory, from where they come
 * when they are read ({@link glance.backend.WeightTurns}). Components under one limit are together
 * on the device.
 */
public final class WeightLimit {
    /** Everything stays on the device. */
    public static final WeightLimit NONE = new WeightLimit(Long.MAX_VALUE, true, split -> {});

    private final long bytes;
    private final boolean conditioningStays;
    private final Consumer<Split> listener;
    private final Map<Object, Long> expected = new IdentityHashMap<>();

    /**
     * What became of the weights of a component.
     *
     * @param blocks that stream from host memory
     * @param deviceBytes of those that stay on the device, without the places of the others
     * @param hostBytes of those that stream
     */
    public record Split(int blocks, long deviceBytes, long hostBytes) {}

    /**
     * @param bytes of all weights on the device at once
     * @param conditioningStays whether weights that only conditioning reads stay beside the others,
     *     as in training; else they are sent away before the others come
     * @param listener told of each component whose weights have no room
     */
    public WeightLimit(long bytes, boolean conditioningStays, Consumer<Split> listener) {
        this.bytes = bytes;
        this.conditioningStays = conditioningStays;
        this.listener = listener;
    }

    /** Whether there is a limit. */
    public boolean isLimited() {
        return bytes < Long.MAX_VALUE;
    }

    /** Whether weights that only conditioning reads stay beside the others. */
    public boolean conditioningStays() {
        return conditioningStays;
    }

    /** All weights at once, in bytes. */
    public long bytes() {
        return bytes;
    }

    /** A component will need so much when it is first used; 0 when it takes it. */
    public void expect(Object component, long needed) {
        if (isLimited()) {
            if (needed > 0) {
                expected.put(component, needed);
            } else {
                expected.remove(component);
            }
        }
    }

    /** What weights may take besides those that are there, and those that are expected. */
    public long room(Ops ops) {
        long others = expected.values().stream().mapToLong(Long::longValue).sum();
        return bytes - ops.device().memory().stats().weightBytes() - others;
    }

    /** Tells of weights that stream. */
    public void tell(Split split) {
        listener.accept(split);
    }
}
