package glance.ops.parity;

import glance.formula.Elements;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Row-major numbers on the host, the reference's side of a tensor. Views are copies made by index,
 * so that they share no stride arithmetic with the engine.
 */
public record HostArray(int[] dims, double[] values) implements Elements {
    /** An array of zeros. */
    public static HostArray zeros(int... dims) {
        return new HostArray(dims, new double[size(dims)]);
    }

    /** All elements of a result. */
    public static HostArray of(Elements elements, int... dims) {
        HostArray result = zeros(dims);
        Arrays.setAll(result.values, elements::at);
        return result;
    }

    /** Number of elements of a shape. */
    public static int size(int... dims) {
        return Arrays.stream(dims).reduce(1, Math::multiplyExact);
    }

    /** Size of dimension {@code i}. */
    public int dim(int i) {
        return dims[i];
    }

    /** The element at flat position {@code i}. */
    public double get(int i) {
        return values[i];
    }

    @Override
    public double at(long i) {
        return values[(int) i];
    }

    /** The same numbers in another shape. */
    public HostArray reshape(int... wanted) {
        if (size(wanted) != values.length) {
            throw new IllegalArgumentException(
                    Arrays.toString(dims) + " as " + Arrays.toString(wanted));
        }
        return new HostArray(wanted, values);
    }

    /** Elements {@code [start, start + length)} along an axis. */
    public HostArray narrow(int axis, int start, int length) {
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
    public HostArray permute(int... axes) {
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

    /** The array whose element at each index is this array's element at {@code source(index)}. */
    public HostArray gather(int[] wanted, UnaryOperator<int[]> source) {
        HostArray result = zeros(wanted);
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
