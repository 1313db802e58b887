package glance.nn;

import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Builds {@link Rope} tables row by row. A row's angles are those of one or more axes side by side:
 * axis of size d at position p contributes {@code p * theta^(-2j / d)} for j = 0 .. d/2 - 1.
 * Frequencies and angles are rounded to float32, or not, as in the reference implementations.
 */
public final class RopeTables {
    private final double[][] frequencies; // (axis, pairs)
    private final boolean rounded;
    private final int half;

    /**
     * @param theta base of the frequencies
     * @param axes even sizes that add up to the head dimension
     */
    public RopeTables(double theta, int... axes) {
        this(theta, true, axes);
    }

    /** The same with angles in float64. */
    public static RopeTables inFloat64(double theta, int... axes) {
        return new RopeTables(theta, false, axes);
    }

    /**
     * One run of frequencies {@code theta^(-j / sum)} over all axes, each with its section of them,
     * as Qwen2.5-VL has it.
     *
     * @param sections pairs of a head that turn with each axis
     */
    public static RopeTables sections(double theta, List<Integer> sections) {
        int sum = sections.stream().mapToInt(Integer::intValue).sum();
        double[][] frequencies = new double[sections.size()][];
        int pair = 0;
        for (int a = 0; a < frequencies.length; a++) {
            frequencies[a] = new double[sections.get(a)];
            for (int j = 0; j < frequencies[a].length; j++) {
                frequencies[a][j] = frequency(theta, true, pair++, 2 * sum);
            }
        }
        return new RopeTables(frequencies, true);
    }

    private RopeTables(double theta, boolean rounded, int... axes) {
        this(frequencies(theta, rounded, axes), rounded);
    }

    private RopeTables(double[][] frequencies, boolean rounded) {
        this.frequencies = frequencies;
        this.rounded = rounded;
        this.half = Arrays.stream(frequencies).mapToInt(axis -> axis.length).sum();
    }

    private static double[][] frequencies(double theta, boolean rounded, int... axes) {
        double[][] frequencies = new double[axes.length][];
        for (int a = 0; a < axes.length; a++) {
            if (axes[a] <= 0 || axes[a] % 2 != 0) {
                throw new IllegalArgumentException("rope axis sizes must be even, got " + axes[a]);
            }
            frequencies[a] = new double[axes[a] / 2];
            for (int j = 0; j < axes[a] / 2; j++) {
                frequencies[a][j] = frequency(theta, rounded, j, axes[a]);
            }
        }
        return frequencies;
    }

    private static double frequency(double theta, boolean rounded, int pair, int dim) {
        return rounded
                ? 1 / (float) Math.pow(theta, (float) (2 * pair) / dim)
                : 1 / Math.pow(theta, 2.0 * pair / dim);
    }

    /**
     * Tables for positions given by {@code position.at(row, axis)}.
     *
     * @return cos and sin [rows, headDim / 2]
     */
    public Rope build(Ops ops, int rows, Rope.Pairing pairing, Position position) {
        FloatBuffer cos = FloatBuffer.allocate(rows * half);
        FloatBuffer sin = FloatBuffer.allocate(rows * half);
        for (int row = 0; row < rows; row++) {
            for (int a = 0; a < frequencies.length; a++) {
                int p = position.at(row, a);
                for (double frequency : frequencies[a]) {
                    double angle = rounded ? p * (float) frequency : p * frequency;
                    cos.put((float) Math.cos(angle));
                    sin.put((float) Math.sin(angle));
                }
            }
        }
        Shape shape = Shape.of(rows, half);
        return new Rope(
                ops.host().floats(shape, cos.flip()),
                ops.host().floats(shape, sin.flip()),
                pairing);
    }

    /** Position of a row on an axis. */
    @FunctionalInterface
    public interface Position {
        int at(int row, int axis);
    }
}
