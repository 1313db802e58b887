package glance.model;

import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.Map;

/**
 * A transformer that predicts the velocity {@code noise - latents} of noisy latents {@code (1 -
 * sigma) latents + sigma noise}. Models that were trained to predict something else are brought to
 * this form by their family.
 */
public interface Denoiser extends AutoCloseable {
    /** Every linear layer by its name in the checkpoint, for adapters. */
    Map<String, Linear> linears();

    /**
     * Computes what does not depend on the latents, once for all steps: modulation vectors (under
     * the adapters that are active now), positions, caption projections.
     *
     * @param text one entry per sample of the batch
     * @param sigmas noise levels of the steps
     * @param embeddedGuidance guidance scale that a distilled model takes as an input; others
     *     ignore it
     * @return the velocity at each of these steps; its tensors belong to the innermost scope
     */
    Velocity prepare(
            Ops ops, TextBatch text, float[] sigmas, TokenGrid grid, float embeddedGuidance);

    /**
     * What unit noise is multiplied by to become the latents at the first noise level of a run.
     * Flow-matching models take it as it is.
     */
    default float startScale(float sigma) {
        return 1;
    }

    /**
     * How many of a token's channels, from the first on, guidance changes; the others follow the
     * prompt alone.
     */
    default int guidedChannels(int channels) {
        return channels;
    }

    @Override
    void close();

    /** The prediction for fixed prompts and noise levels. */
    @FunctionalInterface
    interface Velocity {
        /**
         * Predicts the velocity.
         *
         * @param latents [batch, tokens, channels]
         * @param step index into the sigmas given to {@link Denoiser#prepare}
         * @return [batch, tokens, channels]
         */
        Tensor at(Ops ops, Tensor latents, int step);
    }
}
