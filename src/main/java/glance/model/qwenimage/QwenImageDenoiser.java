package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.model.transformer.Modulation;
import glance.nn.Parameters;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

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
    public List<Velocity> prepare(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        // vectors depend on the noise level alone, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas).tensors();
        return texts.stream()
                .map(text -> velocity(ops, text, vectors, sigmas.length, canvas.grid()))
                .toList();
    }

    private Velocity velocity(
            Ops ops, TextBatch text, List<Tensor> vectors, int steps, TokenGrid grid) {
        Rope positions = transformer.positions(ops, text.embeddings().dim(1), grid);
        int blocks = transformer.config().numLayers();
        return new Velocity(
                vectors,
                steps,
                (o, latents, step) ->
                        transformer.velocity(
                                o, latents, text, Modulation.of(step, blocks, 0), positions));
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
