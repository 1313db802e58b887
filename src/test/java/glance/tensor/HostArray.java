package glance.tensor;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Row-major numbers. Views are copies made by index, so that they share no stride arithmetic with
 * {@link Tensor}.
 */
record HostArray(int[] dims, double[] values) {
    /** An array in which each element is its own position. */
    static HostArray counted(int... dims) {
        HostArray result = new HostArray(dims, new double[(int) Shape.of(dims).numel()]);
        Arrays.setAll(result.values, i -> i);
        return result;
    }

    /** The same numbers in another shape. */
    HostArray reshape(int... wanted) {
        return new HostArray(wanted, values);
    }

    /** Elements {@code [start, start + length)} along an axis. */
    HostArray narrow(int axis, int start, int length) {
        int[] wanted = dims.clone();
        wanted[axis] = length;
        return gather(
                wanted,
                index -> {
                    int[] source = index.clone();
                    source[axis] += start;
                    return source;
                });
    }

    /** Dimensions in another order. */
    HostArray permute(int... axes) {
        int[] wanted = Arrays.stream(axes).map(axis -> dims[axis]).toArray();
        return gather(
                wanted,
                index -> {
                    int[] source = new int[axes.length];
                    for (int i = 0; i < axes.length; i++) {
                        source[axes[i]] = index[i];
                    }
                    return source;
                });
    }

    private HostArray gather(int[] wanted, UnaryOperator<int[]> source) {
        HostArray result = counted(wanted);
        int[] index = new int[wanted.length];
        for (int i = 0; i < result.values.length; i++) {
            int rest = i;
            for (int axis = wanted.length - 1; axis >= 0; axis--) {
                index[axis] = rest % wanted[axis];
                rest /= wanted[axis];
            }
            result.values[i] = values[flat(source.apply(index))];
        }
        return result;
    }

    private int flat(int[] index) {
        int at = 0;
        for (int axis = 0; axis < dims.length; axis++) {
            at = at * dims[axis] + index[axis];
        }
        return at;
    }
}
