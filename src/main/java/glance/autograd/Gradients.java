package glance.autograd;

import glance.ops.Ops;
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
 *
 * <p>The first gradient of a whole block is kept as it is: most blocks get no other. Others may
 * hold the same tensor (a sum passes one gradient to both of its terms), so it is never added to in
 * place.
 */
final class Gradients {
    private final Ops ops;
    private final Set<Storage> wanted = new HashSet<>();
    private final Map<Storage, Sum> sums = new HashMap<>();

    Gradients(Ops ops) {
        this.ops = ops;
    }

    /**
     * The gradient of a block.
     *
     * @param tensor the block's elements in order
     * @param own whether nobody else holds it
     */
    private record Sum(Tensor tensor, boolean own) {}

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
        Sum sum = sums.get(tensor.storage());
        return sum == null ? null : tensor.over(sum.tensor.storage());
    }

    /** Adds to the gradient of a tensor, if it is needed. */
    void add(Tensor tensor, Tensor gradient) {
        if (!wants(tensor)) {
            return;
        }
        Sum sum = sums.get(tensor.storage());
        boolean whole = replaces(tensor, gradient);
        if (sum == null && whole) {
            keep(tensor, gradient, false);
        } else if (sum != null && !sum.own && whole && tensor.dtype() == ops.computeType()) {
            Tensor total = ops.add(flat(sum.tensor), flat(gradient));
            sum.tensor.storage().release();
            keep(tensor, total, true);
        } else {
            ops.training().accumulate(gradient, tensor.over(own(tensor, sum)));
        }
    }

    /** Memory that may be added to: zeros at first, or a copy of what others hold as well. */
    private Storage own(Tensor tensor, Sum sum) {
        if (sum != null && sum.own) {
            return sum.tensor.storage();
        }
        Tensor copy = ops.training().zeros(tensor.dtype(), Shape.of(elements(tensor)));
        if (sum != null) {
            ops.training().accumulate(flat(sum.tensor), copy);
            sum.tensor.storage().release();
        }
        keep(tensor, copy, true);
        return copy.storage();
    }

    private static Tensor flat(Tensor tensor) {
        return tensor.reshape(elements(tensor));
    }

    private void keep(Tensor tensor, Tensor gradient, boolean own) {
        gradient.storage().retain();
        sums.put(tensor.storage(), new Sum(gradient, own));
    }

    /** Whether a gradient's memory can stand for that of its tensor's block. */
    private static boolean replaces(Tensor tensor, Tensor gradient) {
        return isWhole(tensor)
                && isWhole(gradient)
                && tensor.dtype() == gradient.dtype()
                && tensor.numel() == gradient.numel();
    }

    private static boolean isWhole(Tensor tensor) {
        return tensor.isContiguous() && tensor.numel() == elements(tensor);
    }

    private static int elements(Tensor tensor) {
        return Math.toIntExact(tensor.storage().bytes() / tensor.dtype().bytes());
    }

    /** Drops the gradient of a tensor. */
    void drop(Tensor tensor) {
        Sum sum = sums.remove(tensor.storage());
        if (sum != null) {
            sum.tensor.storage().release();
        }
    }

    void clear() {
        sums.values().forEach(sum -> sum.tensor.storage().release());
        sums.clear();
        wanted.clear();
    }
}
