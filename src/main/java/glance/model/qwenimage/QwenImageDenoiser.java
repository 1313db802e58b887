package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import java.util.Map;

/** The transformer as the sampler sees it. */
final class QwenImageDenoiser implements Denoiser {
    private final Weights weights;
    private final QwenImageTransformer transformer;

    QwenImageDenoiser(Ops ops, QwenImageConfig config, Weights weights) {
        this.weights = weights;
        this.transformer = new QwenImageTransformer(ops, config, weights);
    }

    @Override
    public Map<String, Linear> linears() {
        return transformer.linears();
    }

    @Override
    public Velocity prepare(
            Ops ops, TextBatch text, float[] sigmas, TokenGrid grid, float embeddedGuidance) {
        QwenImageModulation all = transformer.modulation(ops, sigmas);
        return (o, latents, step) ->
                transformer.velocity(
                        o, latents, text, all.rows(step, 1), grid.height(), grid.width());
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
