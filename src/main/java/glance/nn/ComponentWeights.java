package glance.nn;

import glance.api.DeviceException;
import glance.io.HostTensor;
import glance.ops.Ops;
import glance.ops.WeightLimit;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.text.ByteText;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * The weights of a component that come to the device when they are read: those that the steps read,
 * and those that only conditioning reads. Keeps them under the limit that was set when the
 * component was opened.
 */
final class ComponentWeights {
    private final Ops ops;
    private final String component;
    private final WeightLimit limit;
    private final WeightSet steps;
    private final WeightSet conditioning;

    /**
     * @param component class name, for messages
     */
    ComponentWeights(Ops ops, String component) {
        this.ops = ops;
        this.component = component;
        this.limit = ops.weightLimit();
        this.steps = new WeightSet(ops, this::decide);
        this.conditioning = new WeightSet(ops, this::decide);
    }

    /**
     * Adds a weight.
     *
     * @param stored how to read it
     * @param block that it comes and goes with; null for none
     * @param ofConditioning whether only conditioning reads it
     */
    Weight add(
            String name,
            DType dtype,
            Shape shape,
            Supplier<HostTensor> stored,
            String block,
            boolean ofConditioning) {
        WeightSet set = ofConditioning ? conditioning : steps;
        Weight weight = new Weight(name, dtype, shape, stored, set);
        set.add(name, weight, block);
        return weight;
    }

    /** Those of the steps, then those of conditioning. */
    void forEach(BiConsumer<String, Weight> action) {
        steps.all().forEach(action);
        conditioning.all().forEach(action);
    }

    /** The weight of a name, or null. */
    Weight find(String name) {
        return steps.all().getOrDefault(name, conditioning.all().get(name));
    }

    /** Tells other components of the limit what is to come. */
    void announce() {
        if (limit.isLimited()) {
            limit.expect(this, leastBytes());
        }
    }

    /** What it takes of the device at least. */
    private long leastBytes() {
        long forSteps = steps.leastBytes();
        long forConditioning = conditioning.leastBytes();
        return limit.conditioningStays()
                ? forSteps + forConditioning
                : Math.max(forSteps, forConditioning);
    }

    /** Decides what of a set stays on the device, and of the other if both are there at once. */
    private void decide(WeightSet asked) {
        limit.expect(this, 0);
        if (!limit.isLimited()) {
            asked.decide(Long.MAX_VALUE);
            return;
        }
        long room = limit.room(ops);
        WeightSet other = asked == steps ? conditioning : steps;
        if (limit.conditioningStays() && !other.isDecided()) {
            decideBoth(room);
            tell(other);
        } else {
            require(asked.leastBytes(), room);
            asked.decide(room);
        }
        tell(asked);
    }

    /**
     * Layers of conditioning are the last to stream: they are products of one row, behind which no
     * copy can hide.
     */
    private void decideBoth(long room) {
        long least = conditioning.leastBytes();
        require(steps.leastBytes() + least, room);
        long kept = Math.max(least, Math.min(conditioning.bytes(), room - steps.leastBytes()));
        long taken = steps.decide(room - kept);
        conditioning.decide(room - taken);
    }

    private void require(long least, long room) {
        if (least > room) {
            throw DeviceException.outOfMemory(
                    "out of memory: the weights of "
                            + component
                            + " need "
                            + ByteText.of(least)
                            + " on the device when all their blocks stream from host memory, and have "
                            + ByteText.of(Math.max(0, room))
                            + "; allow more (--memory), take quantised weights, or make a smaller"
                            + " picture",
                    null);
        }
    }

    private void tell(WeightSet set) {
        WeightLimit.Split split = set.split();
        if (split != null) {
            limit.tell(split);
        }
    }

    /** Brings those of the steps. */
    void load() {
        steps.load();
    }

    /** Sends those of conditioning away. */
    void unloadConditioning() {
        conditioning.unload();
    }

    /** Sends all away. */
    void close() {
        limit.expect(this, 0);
        steps.unload();
        conditioning.unload();
    }
}
