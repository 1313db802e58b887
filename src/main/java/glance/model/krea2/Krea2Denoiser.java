package glance.model.krea2;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Conditioning;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.model.transformer.Modulation;
import glance.nn.Parameters;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/** The transformer as the sampler sees it. */
final class Krea2Denoiser implements Denoiser {
    private final Weights weights;
    private final Krea2Transformer transformer;

    Krea2Denoiser(Ops ops, Krea2Config config, Weights weights) {
        this.weights = weights;
        this.transformer = new Krea2Transformer(ops, config, weights);
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    /**
     * The text's own blocks run here, once for all noise levels; adapters change them, so their
     * result is no part of the prediction.
     */
    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        // vectors depend on the noise level alone, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas).tensors();
        return texts.stream()
                .map(text -> List.of(transformer.text(ops, text).embeddings()))
                .map(constants -> new Conditioning(vectors, constants, sigmas.length))
                .toList();
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        Rope positions = transformer.positions(ops, text.embeddings().dim(1), canvas.grid());
        int blocks = transformer.config().numLayers();
        return (o, latents, step, constants) ->
                transformer.velocity(
                        o,
                        latents,
                        new TextBatch(constants.get(0), text.lengths()),
                        Modulation.of(step, 0, blocks),
                        positions);
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
