package glance.nn;

import glance.io.HostTensor;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A tensor of a checkpoint. It comes to the device when it is read for the first time, and may be
 * sent away again while nothing reads it. An adapter may put another in its place.
 */
public final class Weight {
    private final String name;
    private final DType dtype;
    private final Shape shape;
    private final Supplier<HostTensor> stored;
    private final WeightSet set;
    private Tensor tensor; // null while it is not on the device

    /**
     * @param dtype in which it is stored
     * @param stored how to read it, with this shape
     * @param set which brings it to the device
     */
    Weight(String name, DType dtype, Shape shape, Supplier<HostTensor> stored, WeightSet set) {
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
        this.stored = stored;
        this.set = set;
    }

    /** Its shape, wherever it is. */
    public Shape shape() {
        return shape;
    }

    /** The dtype in which it is stored. */
    DType dtype() {
        return dtype;
    }

    /** It as in the checkpoint, in host memory. */
    HostTensor stored() {
        return stored.get();
    }

    /** What a layer computes with: the active adapter's, if it has one, or else its own. */
    public Tensor in(Ops ops) {
        Tensor changed = ops.adapter().instead(name);
        return changed == null ? tensor() : changed;
    }

    /** Its own tensor on the device, in the dtype in which the device keeps it. */
    public Tensor tensor() {
        if (tensor == null) {
            set.bring(this);
        }
        return tensor;
    }

    /** Brings it to the device in some way, unless it is there. */
    void bring(Function<HostTensor, Tensor> way) {
        if (tensor == null) {
            tensor = way.apply(stored.get());
        }
    }

    /** Frees its device memory; the next {@link #tensor} brings it back. */
    void unload() {
        if (tensor != null) {
            tensor.storage().release();
            tensor = null;
        }
    }
}
