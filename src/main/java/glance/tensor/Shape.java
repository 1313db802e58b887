package glance.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/** An immutable list of dimensions, outermost first. Rank 0 is a scalar with one element. */
public final class Shape {
    private final int[] dims;
    private final long numel;

    private Shape(int[] dims) {
        this.dims = dims;
        long product = 1;
        for (int dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException(
                        "negative dimension in " + Arrays.toString(dims));
            }
            product = Math.multiplyExact(product, (long) dim);
        }
        this.numel = product;
    }

    /**
     * A shape of the given dimensions.
     *
     * @throws IllegalArgumentException if a dimension is negative
     * @throws ArithmeticException if the number of elements overflows a long
     */
    public static Shape of(int... dims) {
        return new Shape(dims.clone());
    }

    /** Number of dimensions. */
    public int rank() {
        return dims.length;
    }

    /**
     * Size of dimension {@code i}; negative counts from the end, so {@code dim(-1)} is the last.
     */
    public int dim(int i) {
        return dims[axis(i)];
    }

    /**
     * Turns a possibly negative axis into one in {@code [0, rank)}.
     *
     * @throws IndexOutOfBoundsException if there is no such axis
     */
    public int axis(int i) {
        int axis = i < 0 ? i + dims.length : i;
        if (axis < 0 || axis >= dims.length) {
            throw new IndexOutOfBoundsException("axis " + i + " of shape " + this);
        }
        return axis;
    }

    /** Number of elements. */
    public long numel() {
        return numel;
    }

    /** A copy of the dimensions. */
    public int[] dims() {
        return dims.clone();
    }

    /** This shape with dimension {@code i} replaced. */
    public Shape with(int i, int size) {
        int[] copy = dims.clone();
        copy[axis(i)] = size;
        return new Shape(copy);
    }

    /** Element strides of a contiguous tensor of this shape (row-major). */
    public long[] contiguousStrides() {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strides;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.stream(dims)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
