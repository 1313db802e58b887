package glance.roofline;

import glance.op.Activation;

/** Pointwise functions in float64. */
final class Functions {
    private Functions() {}

    static double activation(Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH ->
                    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            default -> throw new IllegalArgumentException(activation + " is not measured");
        };
    }

    /** {@code sum of a[atA + i stepA] b[atB + i stepB]}. */
    static double dot(
            Elements a, long atA, long stepA, Elements b, long atB, long stepB, long count) {
        double sum = 0;
        for (long i = 0; i < count; i++) {
            sum += a.at(atA + i * stepA) * b.at(atB + i * stepB);
        }
        return sum;
    }
}
