package glance.formula;

import glance.op.Activation;

/** The activations by their formulas. */
final class Activations64 {
    private static final int STEPS = 200;

    private Activations64() {}

    static double apply(Arithmetic m, Activation activation, double x) {
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
            case SIGMOID -> sigmoid(m, x);
            case TANH -> m.of(Math.tanh(x));
        };
    }

    /** The derivative; where there is none, 0. */
    static double slope(Arithmetic m, Activation activation, double x) {
        return switch (activation) {
            case NONE -> 1;
            case GELU_TANH -> {
                double root = Math.sqrt(2 / Math.PI);
                double square = m.of(x * x);
                double cube = m.of(square * x);
                double t = m.of(Math.tanh(m.of(root * m.mulAdd(x, 0.044715, cube))));
                double inner = m.of(root * m.mulAdd(1, 3 * 0.044715, square));
                double bend = m.of(m.of(0.5 * x) * m.of(m.of(1 - m.of(t * t)) * inner));
                yield m.of(m.of(0.5 * m.of(1 + t)) + bend);
            }
            case GELU_ERF -> {
                double density = m.of(Math.exp(m.of(-0.5 * m.of(x * x))) / Math.sqrt(2 * Math.PI));
                double below = m.of(0.5 * m.of(1 + m.of(erf(m.of(x * Math.sqrt(0.5))))));
                yield m.mulAdd(below, x, density);
            }
            case QUICK_GELU -> sigmoidSlope(m, m.of(1.702 * x));
            case SILU -> sigmoidSlope(m, x);
            case HARD_TANH -> Math.abs(x) < 1 ? 1 : 0;
            case SIGMOID -> {
                double s = sigmoid(m, x);
                yield m.of(s * m.of(1 - s));
            }
            case TANH -> {
                double cosine = m.of(Math.cosh(x));
                yield m.of(1 / m.of(cosine * cosine));
            }
        };
    }

    /** {@code s + z s (1 - s)}: the slope of {@code x sigmoid(c x)} with {@code z = c x}. */
    private static double sigmoidSlope(Arithmetic m, double z) {
        double s = sigmoid(m, z);
        return m.mulAdd(s, m.of(z * s), m.of(1 - s));
    }

    private static double sigmoid(Arithmetic m, double x) {
        return m.of(1 / m.of(1 + m.of(Math.exp(-x))));
    }

    /**
     * {@code 2/sqrt(pi)} times the integral of {@code exp(-t^2)} from 0 to x, by Simpson's rule.
     */
    private static double erf(double x) {
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
