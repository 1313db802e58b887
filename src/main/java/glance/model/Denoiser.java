package glance.model;

import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.ops.Ops;
import java.util.List;
import java.util.Map;

/**
 * A transformer that predicts the velocity {@code noise - latents} of noisy latents {@code (1 -
 * sigma) latents + sigma noise}. Models that were trained to predict something else are brought to
 * this form by their family.
 */
public interface Denoiser extends AutoCloseable {
    /** The weights. Those of {@link Parameters#conditioning} are read by {@link #prepare} alone. */
    Parameters parameters();

    /** Every linear layer by its name in the checkpoint, for adapters. */
    default Map<String, Linear> linears() {
        return parameters().linears();
    }

    /**
     * Computes what does not depend on the latents, once for all steps: modulation vectors (under
     * the adapters that are active now) and positions.
     *
     * @param texts batches to be drawn one after the other, with one entry per sample each
     * @param sigmas noise levels of the steps
     * @param canvas the picture and what it is drawn from; families that take no references do not
     *     look at them
     * @param embeddedGuidance guidance scale that a distilled model takes as an input; others
     *     ignore it
     * @return for each batch of texts the velocity at these steps; their tensors belong to the
     *     innermost scope
     */
    List<Velocity> prepare(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance);

    /** The same for one batch of texts. */
    default Velocity prepare(
            Ops ops, TextBatch text, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        return prepare(ops, List.of(text), sigmas, canvas, embeddedGuidance).get(0);
    }

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
}
