package glance.nn;

import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.function.Supplier;

/**
 * A tensor of a checkpoint. It comes to the device when it is read for the first time, and may be
 * sent away again while nothing reads it. An adapter may put another in its place.
 */
public final class Weight {
    private final String name;
    private final Shape shape;
    private final Supplier<Tensor> adopt;
    private Tensor tensor; // null while it is not on the device

    Weight(String name, Shape shape, Supplier<Tensor> adopt) {
        this.name = name;
        this.shape = shape;
        this.adopt = adopt;
    }

    /** Its shape, wherever it is. */
    public Shape shape() {
        return shape;
    }

    /** What a layer computes with: the active adapter's, if it has one, or else its own. */
    public Tensor in(Ops ops) {
        Tensor changed = ops.adapter().instead(name);
        return changed == null ? tensor() : changed;
    }

    /** Its own tensor on the device, in the dtype in which the device keeps it. */
    public Tensor tensor() {
        if (tensor == null) {
            tensor = adopt.get();
        }
        return tensor;
    }

    /** Frees its device memory; the next {@link #tensor} brings it back. */
    void unload() {
        if (tensor != null) {
            tensor.storage().release();
            tensor = null;
        }
    }
}
