package glance.backend.cpu;

import glance.backend.Activation;

/** Pointwise functions on arrays, in place. */
final class Activations {
    private Activations() {}

    /** Applies {@code activation} to {@code x[at .. at + count)}. */
    static void apply(Activation activation, float[] x, int at, int count) {
        switch (activation) {
            case NONE -> {}
            case GELU_TANH, QUICK_GELU, SILU ->
                    Simd.INSTANCE.sigmoidActivation(activation, x, at, count);
            case GELU_ERF, HARD_TANH -> {
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
        };
    }
}
