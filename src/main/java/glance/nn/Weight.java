package glance.nn;

import glance.io.HostTensor;
import glance.ops.HostTransfer;
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
    private final Supplier<HostTensor> stored;
    private final HostTransfer device;
    private Tensor tensor; // null while it is not on the device

    /**
     * @param stored how to read it, with this shape
     * @param device where it comes to
     */
    Weight(String name, Shape shape, Supplier<HostTensor> stored, HostTransfer device) {
        this.name = name;
        this.shape = shape;
        this.stored = stored;
        this.device = device;
    }

    /** Its shape, wherever it is. */
    public Shape shape() {
        return shape;
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
            HostTensor host = stored.get();
            tensor = device.adopt(host.dtype(), host.shape(), host.data());
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
