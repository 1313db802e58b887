package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;

/**
 * What an autoencoder makes of a picture: normal distributions of latents, packed and normalised.
 * Equals DiagonalGaussianDistribution of diffusers.
 *
 * @param mean [1, tokens, channels]
 * @param deviation likewise; null where drawings start from the mean, as the pipelines of such
 *     models do
 */
public record Posterior(Tensor mean, Tensor deviation) {
    private static final double MIN_LOG_VARIANCE = -30;
    private static final double MAX_LOG_VARIANCE = 20;

    /** Of a model whose drawings start from the mean. */
    public Posterior(Tensor mean) {
        this(mean, null);
    }

    /**
     * Deviations {@code exp(clamp(logVariance, -30, 20) / 2)} in the innermost scope.
     *
     * @param logVariances of any shape
     */
    public static Tensor deviations(Ops ops, Tensor logVariances) {
        FloatBuffer logs = ops.host().floats(ops.contiguous(logVariances));
        float[] deviations = new float[logs.remaining()];
        for (int i = 0; i < deviations.length; i++) {
            double log = Math.min(MAX_LOG_VARIANCE, Math.max(MIN_LOG_VARIANCE, logs.get(i)));
            deviations[i] = (float) Math.exp(log / 2);
        }
        return ops.host().floats(logVariances.shape(), deviations);
    }

    /** Whether drawings start from a sample, for which noise is drawn. */
    public boolean isSampled() {
        return deviation != null;
    }

    /**
     * {@code mean + deviation * noise}, in the innermost scope.
     *
     * @param noise unit noise [1, tokens, channels]
     */
    public Tensor sample(Ops ops, Tensor noise) {
        return ops.add(ops.mul(noise, deviation), mean);
    }
}
