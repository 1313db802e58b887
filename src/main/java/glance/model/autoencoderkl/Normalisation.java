package glance.model.autoencoderkl;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * How latents are brought to about unit variance: {@code (latents - mean) * scale}, with one mean
 * and one scale for all, or for each channel of packed latents.
 */
record Normalisation(double[] mean, double[] scale) {
    /** One mean and one scale for all. */
    static Normalisation of(double mean, double scale) {
        return new Normalisation(new double[] {mean}, new double[] {scale});
    }

    /** That of a batch norm without weights: {@code (latents - mean) / sqrt(variance + eps)}. */
    static Normalisation of(HostTensor mean, HostTensor variance, float eps) {
        float[] means = HostFloats.read(mean);
        float[] variances = HostFloats.read(variance);
        double[] center = new double[means.length];
        double[] scale = new double[means.length];
        for (int i = 0; i < scale.length; i++) {
            center[i] = means[i];
            scale[i] = 1 / Math.sqrt(variances[i] + eps);
        }
        return new Normalisation(center, scale);
    }

    /**
     * Normalised latents of raw ones.
     *
     * @param tokens packed, [batch, tokens, channels]
     */
    Tensor apply(Ops ops, Tensor tokens) {
        return ops.mul(ops.add(tokens, vector(ops, mean, -1, 0)), vector(ops, scale, 1, 0));
    }

    /** Raw latents of normalised ones, packed too. */
    Tensor invert(Ops ops, Tensor tokens) {
        return ops.add(ops.mul(tokens, vector(ops, scale, 0, 1)), vector(ops, mean, 1, 0));
    }

    /**
     * {@code factor * values + inverse / values}: the values, their negatives or their inverses.
     */
    private static Tensor vector(Ops ops, double[] values, int factor, int inverse) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (inverse == 0 ? factor * values[i] : inverse / values[i]);
        }
        return ops.host().floats(Shape.of(result.length), result);
    }
}
