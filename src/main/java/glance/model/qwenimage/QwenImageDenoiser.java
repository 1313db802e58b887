package glance.model.qwenimage;

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
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The transformer as the sampler sees it. */
final class QwenImageDenoiser implements Denoiser {
    private final Weights weights;
    private final QwenImageTransformer transformer;

    QwenImageDenoiser(Ops ops, QwenImageConfig config, Weights weights) {
        this.weights = weights;
        this.transformer = new QwenImageTransformer(ops, config, weights);
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        // vectors depend on the noise level alone, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas).tensors();
        List<Tensor> still =
                canvas.references().isEmpty() ? List.of() : transformer.stillModulation(ops);
        return Collections.nCopies(texts.size(), new Conditioning(vectors, still, sigmas.length));
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        Rope positions = transformer.positions(ops, text.embeddings().dim(1), canvas);
        Optional<Tensor> seen = canvas.seen(ops, text.embeddings().dim(0));
        int blocks = transformer.config().numLayers();
        return (o, latents, step, still) ->
                transformer.velocity(
                        o, latents, seen, text, Modulation.of(step, blocks, 0), still, positions);
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
