package glance.model.flux2;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Conditioning;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.flux2.Flux2Transformer.SharedModulation;
import glance.model.text.TextBatch;
import glance.nn.Parameters;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The transformer as the sampler sees it. */
final class Flux2Denoiser implements Denoiser {
    private final Weights weights;
    private final Flux2Transformer transformer;

    Flux2Denoiser(Ops ops, Flux2Config config, Weights weights) {
        this.weights = weights;
        this.transformer = new Flux2Transformer(ops, config, weights);
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        float[] scales = new float[sigmas.length];
        Arrays.fill(scales, embeddedGuidance);
        // no vector depends on the text, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas, scales).tensors();
        return Collections.nCopies(texts.size(), new Conditioning(vectors, sigmas.length));
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        Tensor embeddings = text.embeddings();
        Rope positions = transformer.positions(ops, embeddings.dim(1), canvas);
        Optional<Tensor> seen = canvas.seen(ops, embeddings.dim(0));
        return (o, latents, step, constants) ->
                transformer.velocity(
                        o, latents, seen, embeddings, SharedModulation.of(step), positions);
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
