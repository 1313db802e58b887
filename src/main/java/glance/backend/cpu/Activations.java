package glance.backend.cpu;

import glance.op.Activation;

/** Pointwise functions on arrays, in place. */
final class Activations {
    private Activations() {}

    /** Applies {@code activation} to {@code x[at .. at + count)}. */
    static void apply(Activation activation, float[] x, int at, int count) {
        switch (activation) {
            case NONE -> {}
            case GELU_TANH, QUICK_GELU, SILU ->
                    Simd.INSTANCE.sigmoidActivation(activation, x, at, count);
            case GELU_ERF, HARD_TANH, SIGMOID, TANH -> {
                for (int i = at; i < at + count; i++) {
                    x[i] = apply(activation, x[i]);
                }
            }
        }
    }

    static float apply(Activation activation, float x) {
        return switch (activation) {
            case NONE -> x;
            case GELU_TANH ->
                    (float)
                            (0.5
                                    * x
                                    * (1
                                            + Math.tanh(
                                                    0.7978845608028654
                                                            * (x + 0.044715 * x * x * x))));
            case GELU_ERF -> (float) (0.5 * x * (1 + Erf.erf(x * 0.7071067811865476)));
            case QUICK_GELU -> (float) (x / (1 + Math.exp(-1.702 * x)));
            case SILU -> (float) (x / (1 + Math.exp(-x)));
            case HARD_TANH -> Math.min(1, Math.max(-1, x));
            case SIGMOID -> (float) (1 / (1 + Math.exp(-x)));
            case TANH -> (float) Math.tanh(x);
        };
    }

    /** {@code y *= act'(x)}. */
    static void multiplySlope(
            Activation activation, float[] x, int xAt, float[] y, int yAt, int count) {
        switch (activation) {
            case NONE -> {}
            case GELU_TANH, QUICK_GELU, SILU ->
                    Simd.INSTANCE.multiplySigmoidSlope(activation, x, xAt, y, yAt, count);
            case GELU_ERF, HARD_TANH, SIGMOID, TANH -> {
                for (int i = 0; i < count; i++) {
                    y[yAt + i] *= slope(activation, x[xAt + i]);
                }
            }
        }
    }

    /** {@code act'(x)}; 0 where there is none. */
    static float slope(Activation activation, float x) {
        return switch (activation) {
            case NONE -> 1;
            case HARD_TANH -> x > -1 && x < 1 ? 1 : 0;
            case GELU_ERF -> {
                double density = Math.exp(-0.5 * x * x) * 0.3989422804014327;
                yield (float) (0.5 * (1 + Erf.erf(x * 0.7071067811865476)) + x * density);
            }
            case SIGMOID -> {
                double power = Math.exp(-Math.abs(x));
                yield (float) (power / ((1 + power) * (1 + power)));
            }
            case TANH -> {
                double cosine = Math.cosh(x);
                yield (float) (1 / (cosine * cosine));
            }
            case SILU -> sigmoidSlope(x, 1, 0);
            case QUICK_GELU -> sigmoidSlope(x, 1.702, 0);
            case GELU_TANH -> sigmoidSlope(x, 1.5957691216057308, 0.07135481282636278);
        };
    }

    /** Slope of {@code x s(z)}, s the sigmoid and {@code z = linear x + cubic x^3}. */
    private static float sigmoidSlope(double x, double linear, double cubic) {
        double z = x * (linear + cubic * x * x);
        double s = 1 / (1 + Math.exp(-z));
        return (float) (s + x * s * (1 - s) * (linear + 3 * cubic * x * x));
    }
}
