package glance.nn;

import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.function.Supplier;

/**
 * A tensor of a checkpoint. It comes to the device when it is read for the first time, and may be
 * sent away again while nothing reads it.
 */
public final class Weight {
    private final Shape shape;
    private final Supplier<Tensor> adopt;
    private Tensor tensor; // null while it is not on the device

    Weight(Shape shape, Supplier<Tensor> adopt) {
        this.shape = shape;
        this.adopt = adopt;
    }

    /** Its shape, wherever it is. */
    public Shape shape() {
        return shape;
    }

    /** The tensor on the device, in the dtype in which the device keeps it. */
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
