package glance.autograd;

import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Gradients by storage: a block's gradient has the layout of the block, so that the gradient of a
 * view is the same view on the gradient, and views need no rules.
 */
final class Gradients {
    private final Ops ops;
    private final Set<Storage> wanted = new HashSet<>();
    private final Map<Storage, Tensor> flat = new HashMap<>();

    Gradients(Ops ops) {
        this.ops = ops;
    }

    /** Says that the gradient of this tensor's memory is needed. */
    void want(Tensor tensor) {
        wanted.add(tensor.storage());
    }

    /** Whether the gradient of this tensor is needed. */
    boolean wants(Tensor tensor) {
        return tensor != null && wanted.contains(tensor.storage());
    }

    /** The gradient gathered so far, or null if none reached the tensor. */
    Tensor of(Tensor tensor) {
        Tensor gradient = flat.get(tensor.storage());
        return gradient == null ? null : tensor.over(gradient.storage());
    }

    /** Adds to the gradient of a tensor, if it is needed. */
    void add(Tensor tensor, Tensor gradient) {
        if (!wants(tensor)) {
            return;
        }
        Tensor target = flat.get(tensor.storage());
        if (target == null) {
            DType dtype = tensor.dtype();
            Shape all = Shape.of(Math.toIntExact(tensor.storage().bytes() / dtype.bytes()));
            target = ops.training().zeros(dtype, all);
            target.storage().retain();
            ops.free(target);
            flat.put(tensor.storage(), target);
        }
        ops.training().accumulate(gradient, tensor.over(target.storage()));
    }

    /** Drops the gradient of a tensor. */
    void drop(Tensor tensor) {
        Tensor gradient = flat.remove(tensor.storage());
        if (gradient != null) {
            gradient.storage().release();
        }
    }

    void clear() {
        flat.values().forEach(tensor -> tensor.storage().release());
        flat.clear();
        wanted.clear();
    }
}
