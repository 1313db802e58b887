package glance.cases;

import glance.tensor.Tensor;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Where the elements of a tensor lie in its storage. */
final class View {
    private final Tensor tensor;
    private final boolean contiguous;
    private final long[] below; // elements of the dimensions after each
    private final int[] largestStrideFirst;

    View(Tensor tensor) {
        this.tensor = tensor;
        this.contiguous = tensor.isContiguous();
        this.below = tensor.shape().contiguousStrides();
        this.largestStrideFirst =
                IntStream.range(0, tensor.rank())
                        .filter(axis -> tensor.dim(axis) > 1)
                        .boxed()
                        .sorted(Comparator.comparing(axis -> -tensor.stride(axis)))
                        .mapToInt(axis -> axis)
                        .toArray();
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
        for (int axis = 0; axis < below.length; axis++) {
            position += rest / below[axis] * tensor.stride(axis);
            rest %= below[axis];
        }
        return position;
    }

    /** The reverse; -1 where no element of the tensor lies. */
    long index(long position) {
        long rest = position - tensor.offset();
        if (contiguous) {
            return rest < 0 || rest >= tensor.numel() ? -1 : rest;
        }
        long index = 0;
        for (int axis : largestStrideFirst) {
            long at = rest / tensor.stride(axis);
            if (rest < 0 || at >= tensor.dim(axis)) {
                return -1;
            }
            index += at * below[axis];
            rest -= at * tensor.stride(axis);
        }
        return rest == 0 ? index : -1;
    }
}
