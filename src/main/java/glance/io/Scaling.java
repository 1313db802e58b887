package glance.io;

import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.block.Hadamard;
import java.util.List;

/**
 * How the values of a weight come out of the stored ones: {@code value[r, :] = scale[r] *
 * (stored[r, :] R)}, with the rotation {@code R} of {@link Hadamard} in each group of columns,
 * which undoes itself.
 */
public final class Scaling {
    /** The values are those that are stored. */
    public static final Scaling NONE = new Scaling(new float[] {1}, 1);

    /** The smallest scale: a bias over it, and what an adapter adds, stay finite. */
    public static final float LEAST = 1e-30f;

    /** The largest scale. */
    public static final float MOST = 1e30f;

    private final float[] scales;
    private final int group;

    /**
     * A scaling.
     *
     * @param scales one for all rows, or one for each
     * @param group columns that are rotated together; 1 for none
     */
    Scaling(float[] scales, int group) {
        this.scales = scales;
        this.group = group;
    }

    /** Columns that are rotated together; 1 if the weight is not. */
    public int group() {
        return group;
    }

    /** Whether all rows have the same scale. */
    public boolean isUniform() {
        return scales.length == 1;
    }

    /** The scale of a row. */
    public float scale(int row) {
        return scales[scales.length == 1 ? 0 : row];
    }

    /** The scales of so many rows, F32 [rows]. */
    public HostTensor rows(int count) {
        float[] rows = new float[count];
        for (int row = 0; row < count; row++) {
            rows[row] = scale(row);
        }
        return HostFloats.tensor(DType.F32, Shape.of(count), rows);
    }

    /** That of rows of weights in turn, which are rotated alike. */
    static Scaling joined(List<Scaling> parts, List<Weights.Rows> rows) {
        Scaling first = parts.get(0);
        if (parts.stream().allMatch(p -> p.isUniform() && p.scale(0) == first.scale(0))) {
            return first;
        }
        float[] joined = new float[rows.stream().mapToInt(Weights.Rows::count).sum()];
        int at = 0;
        for (int i = 0; i < parts.size(); i++) {
            Weights.Rows from = rows.get(i);
            for (int row = from.begin(); row < from.begin() + from.count(); row++) {
                joined[at++] = parts.get(i).scale(row);
            }
        }
        return new Scaling(joined, first.group);
    }

    /** A vector [rows] over the scales, in F32. */
    public HostTensor over(HostTensor vector) {
        float[] values = HostFloats.read(vector);
        for (int row = 0; row < values.length; row++) {
            values[row] /= scale(row);
        }
        return HostFloats.tensor(DType.F32, vector.shape(), values);
    }

    /** The values of a stored weight [rows, ...], in F32; of {@link #NONE} the weight itself. */
    public HostTensor values(HostTensor stored) {
        if (this == NONE) {
            return stored;
        }
        Shape shape = stored.shape();
        float[] values = HostFloats.read(stored);
        int rows = shape.rank() == 0 ? 1 : shape.dim(0);
        int columns = values.length / Math.max(1, rows);
        for (int row = 0; row < rows; row++) {
            Hadamard.rotate(values, row * columns, columns, group);
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                values[i] *= scale(row);
            }
        }
        return HostFloats.tensor(DType.F32, shape, values);
    }
}
