package glance.tensor;

import java.util.Arrays;

/**
 * A typed, strided view on a {@link Storage}. Element {@code [i0, i1, ...]} lies at {@code offset +
 * i0 * strides[0] + i1 * strides[1] + ...}, counted in elements. Views share memory and copy
 * nothing; arithmetic lives in {@code glance.ops}.
 */
public final class Tensor {
    private final Storage storage;
    private final DType dtype;
    private final Shape shape;
    private final long[] strides;
    private final long offset;

    private Tensor(Storage storage, DType dtype, Shape shape, long[] strides, long offset) {
        this.storage = storage;
        this.dtype = dtype;
        this.shape = shape;
        this.strides = strides;
        this.offset = offset;
    }

    /** A contiguous tensor at the start of {@code storage}. */
    public static Tensor contiguous(Storage storage, DType dtype, Shape shape) {
        return new Tensor(storage, dtype, shape, shape.contiguousStrides(), 0);
    }

    public Storage storage() {
        return storage;
    }

    public DType dtype() {
        return dtype;
    }

    public Shape shape() {
        return shape;
    }

    /** Size of dimension {@code i}; negative counts from the end. */
    public int dim(int i) {
        return shape.dim(i);
    }

    public int rank() {
        return shape.rank();
    }

    public long numel() {
        return shape.numel();
    }

    /** Distance in elements between neighbours along dimension {@code i}. */
    public long stride(int i) {
        return strides[shape.axis(i)];
    }

    /** Position of the first element in the storage, in elements. */
    public long offset() {
        return offset;
    }

    /** Whether the elements lie side by side in row-major order. */
    public boolean isContiguous() {
        return numel() == 0 || isContiguousFrom(0);
    }

    /**
     * Whether dimensions {@code from} and later are packed row-major. {@code isContiguousFrom(1)}
     * is a batch of packed matrices with any distance between them.
     */
    public boolean isContiguousFrom(int from) {
        long expected = 1;
        for (int i = shape.rank() - 1; i >= from; i--) {
            if (shape.dim(i) != 1 && strides[i] != expected) {
                return false;
            }
            expected *= shape.dim(i);
        }
        return true;
    }

    /**
     * The same elements in another shape; one dimension may be -1 and is inferred. Leading
     * dimensions of a strided tensor may be kept or split as long as no copy is needed.
     *
     * @throws IllegalArgumentException if the number of elements differs, or a copy would be needed
     */
    public Tensor reshape(int... dims) {
        int[] wanted = dims.clone();
        long known = 1;
        int unknown = -1;
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i] == -1 && unknown < 0) {
                unknown = i;
            } else {
                known *= wanted[i];
            }
        }
        if (unknown >= 0 && known > 0) {
            wanted[unknown] = Math.toIntExact(numel() / known);
        }
        Shape target = Shape.of(wanted);
        if (target.numel() != numel()) {
            throw new IllegalArgumentException("cannot reshape " + shape + " to " + target);
        }
        long[] targetStrides =
                isContiguous()
                        ? target.contiguousStrides()
                        : Strides.reshape(shape, strides, target);
        if (targetStrides == null) {
            throw new IllegalArgumentException(
                    "cannot reshape a strided " + shape + " to " + target + " without a copy");
        }
        return new Tensor(storage, dtype, target, targetStrides, offset);
    }

    /** Elements {@code [start, start + length)} along {@code axis}. */
    public Tensor narrow(int axis, int start, int length) {
        int i = shape.axis(axis);
        if (start < 0 || length < 0 || start > shape.dim(i) - length) {
            throw new IndexOutOfBoundsException(
                    "narrow axis " + i + " of " + shape + " to " + start + " + " + length);
        }
        return new Tensor(
                storage, dtype, shape.with(i, length), strides, offset + start * strides[i]);
    }

    /** Dimensions in another order: result dimension {@code i} is dimension {@code axes[i]}. */
    public Tensor permute(int... axes) {
        if (axes.length != rank()
                || Arrays.stream(axes).map(shape::axis).distinct().count() != rank()) {
            throw new IllegalArgumentException("permute " + shape + " by " + Arrays.toString(axes));
        }
        int[] dims = new int[axes.length];
        long[] permuted = new long[axes.length];
        for (int i = 0; i < axes.length; i++) {
            dims[i] = shape.dim(axes[i]);
            permuted[i] = strides[shape.axis(axes[i])];
        }
        return new Tensor(storage, dtype, Shape.of(dims), permuted, offset);
    }

    /** The same view (dtype, shape, strides, offset) on another storage. */
    public Tensor over(Storage other) {
        return new Tensor(other, dtype, shape, strides, offset);
    }

    /**
     * @throws IllegalStateException if its memory was given back
     */
    public void requireAlive() {
        if (storage.isFreed()) {
            throw new IllegalStateException(this + " was freed; keep it in its scope");
        }
    }

    @Override
    public String toString() {
        return "Tensor" + shape + " " + dtype;
    }
}
