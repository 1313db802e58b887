package glance.cases;

import glance.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/** Where the elements of a tensor lie in its storage. */
final class View {
    private final Tensor tensor;
    private final boolean contiguous;
    private Map<Long, Long> indices;

    View(Tensor tensor) {
        this.tensor = tensor;
        this.contiguous = tensor.isContiguous();
    }

    boolean isContiguous() {
        return contiguous;
    }

    /** The position in the storage of an element in row-major order. */
    long position(long index) {
        if (contiguous) {
            return tensor.offset() + index;
        }
        long position = tensor.offset();
        long rest = index;
        for (int axis = tensor.rank() - 1; axis >= 0; axis--) {
            position += rest % tensor.dim(axis) * tensor.stride(axis);
            rest /= tensor.dim(axis);
        }
        return position;
    }

    /** The reverse; -1 where no element of the tensor lies. */
    long index(long position) {
        long index = position - tensor.offset();
        if (contiguous) {
            return index < tensor.numel() ? Math.max(-1, index) : -1;
        }
        return indices().getOrDefault(position, -1L);
    }

    private synchronized Map<Long, Long> indices() {
        if (indices == null) {
            indices = new HashMap<>();
            for (long i = 0; i < tensor.numel(); i++) {
                indices.put(position(i), i);
            }
        }
        return indices;
    }
}
