package glance.formula;

import glance.io.HostFloats;
import glance.tensor.DType;

/**
 * How a reference loop rounds. The same loop gives the float64 reference and the plain float32
 * version whose error is the measure of a device's: doubles rounded to float after every step are
 * what float32 hardware computes, since 53 bits are enough to round twice without harm.
 */
public final class Arithmetic {
    private static final Arithmetic EXACT = new Arithmetic(null);

    private final DType stored;

    private Arithmetic(DType stored) {
        this.stored = stored;
    }

    /** Float64. */
    public static Arithmetic exact() {
        return EXACT;
    }

    /** Float32 arithmetic, tensors kept in the given dtype. */
    public static Arithmetic plain(DType computeType) {
        return new Arithmetic(computeType);
    }

    /** The result of one step. */
    public double of(double x) {
        return stored == null ? x : (float) x;
    }

    /** {@code sum + a b}, two steps. */
    public double mulAdd(double sum, double a, double b) {
        return of(sum + of(a * b));
    }

    /** {@code start + sum of a[i] b[i]}, in order. */
    double dot(double start, double[] a, double[] b) {
        double sum = start;
        if (stored == null) {
            for (int i = 0; i < a.length; i++) {
                sum += a[i] * b[i];
            }
        } else {
            for (int i = 0; i < a.length; i++) {
                sum = (float) (sum + (float) (a[i] * b[i]));
            }
        }
        return sum;
    }

    /** The same of {@code count} elements from two places, where neither is used again. */
    double dot(double start, Elements a, long atA, Elements b, long atB, int count) {
        double sum = start;
        for (int i = 0; i < count; i++) {
            sum = mulAdd(sum, a.at(atA + i), b.at(atB + i));
        }
        return sum;
    }

    /** A value that a plain version would write to memory and read again. */
    double store(double x) {
        return store(stored, x);
    }

    /** The same in a tensor of the given dtype. */
    public double store(DType dtype, double x) {
        if (stored == null) {
            return x;
        }
        return dtype.isFloating() ? HostFloats.rounded(dtype, (float) x) : (float) x;
    }
}
