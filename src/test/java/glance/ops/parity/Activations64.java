package glance.ops.parity;

import glance.backend.Activation;

/** The activations by their formulas. */
public final class Activations64 {
    private static final int STEPS = 200;

    private Activations64() {}

    public static double apply(Arithmetic m, Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case GELU_TANH -> {
                double cube = m.of(m.of(x * x) * x);
                double inner = m.of(Math.sqrt(2 / Math.PI) * m.mulAdd(x, 0.044715, cube));
                yield m.of(m.of(0.5 * x) * m.of(1 + m.of(Math.tanh(inner))));
            }
            case GELU_ERF -> m.of(m.of(0.5 * x) * m.of(1 + m.of(erf(m.of(x * Math.sqrt(0.5))))));
            case QUICK_GELU -> m.of(x * sigmoid(m, m.of(1.702 * x)));
            case SILU -> m.of(x * sigmoid(m, x));
            case HARD_TANH -> x < -1 ? -1 : x > 1 ? 1 : x;
        };
    }

    private static double sigmoid(Arithmetic m, double x) {
        return m.of(1 / m.of(1 + m.of(Math.exp(-x))));
    }

    /**
     * {@code 2/sqrt(pi)} times the integral of {@code exp(-t^2)} from 0 to x, by Simpson's rule.
     */
    static double erf(double x) {
        double end = Math.min(Math.abs(x), 6);
        double step = end / STEPS;
        double sum = 1 + Math.exp(-end * end);
        for (int i = 1; i < STEPS; i++) {
            double t = i * step;
            sum += (i % 2 == 1 ? 4 : 2) * Math.exp(-t * t);
        }
        return Math.signum(x) * 2 / Math.sqrt(Math.PI) * sum * step / 3;
    }
}
