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
    /**
     * The weights. Those of {@link Parameters#conditioning} are read by {@link #condition} alone.
     */
    Parameters parameters();

    /** Every linear layer by its name in the checkpoint, for adapters. */
    default Map<String, Linear> linears() {
        return parameters().linears();
    }

    /**
     * Computes what does not depend on the latents but on the adapters that are active now, once
     * for all steps, such as modulation vectors.
     *
     * @param texts batches with one entry per sample each
     * @param sigmas noise levels of the steps
     * @param canvas the picture and what it is drawn from; families that take no references do not
     *     look at them
     * @param embeddedGuidance guidance scale that a distilled model takes as an input; others
     *     ignore it
     * @return one for each batch of texts; their tensors belong to the innermost scope
     */
    List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance);

    /**
     * The network for a batch of texts, whatever the adapters: it reads what they change from the
     * {@link Conditioning} of that batch. Its tensors, such as positions, belong to the innermost
     * scope.
     */
    Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas);

    /** Both for one batch of texts, under the adapters that are active now. */
    default Velocity prepare(
            Ops ops, TextBatch text, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        return new Velocity(
                condition(ops, List.of(text), sigmas, canvas, embeddedGuidance).get(0),
                prediction(ops, text, canvas));
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
