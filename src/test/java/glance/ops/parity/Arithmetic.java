package glance.ops.parity;

import glance.tensor.DType;

/**
 * How a reference loop rounds. The same loop gives the float64 reference and the plain float32
 * version whose error is the measure of a device's: doubles rounded to float after every step are
 * what float32 hardware computes, since 53 bits are enough to round twice without harm.
 */
public final class Arithmetic {
    private static final Arithmetic EXACT = new Arithmetic(null);

    private final FloatFormat stored;

    private Arithmetic(FloatFormat stored) {
        this.stored = stored;
    }

    /** Float64. */
    public static Arithmetic exact() {
        return EXACT;
    }

    /** Float32 arithmetic, tensors kept in the given dtype. */
    public static Arithmetic plain(DType computeType) {
        return new Arithmetic(FloatFormat.of(computeType));
    }

    /** The result of one step. */
    public double of(double x) {
        return stored == null ? x : (float) x;
    }

    /** {@code sum + a b}, two steps. */
    public double mulAdd(double sum, double a, double b) {
        return of(sum + of(a * b));
    }

    /** A value that a plain version would write to memory and read again. */
    public double store(double x) {
        return stored == null ? x : stored.round(x);
    }
}
