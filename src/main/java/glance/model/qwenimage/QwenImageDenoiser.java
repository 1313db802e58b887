package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.model.transformer.Modulation;
import glance.nn.Parameters;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
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
    public List<Velocity> prepare(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        // vectors depend on the noise level alone, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas).tensors();
        List<Tensor> still =
                canvas.references().isEmpty() ? List.of() : transformer.stillModulation(ops);
        return texts.stream()
                .map(text -> velocity(ops, text, vectors, still, sigmas.length, canvas))
                .toList();
    }

    private Velocity velocity(
            Ops ops,
            TextBatch text,
            List<Tensor> vectors,
            List<Tensor> still,
            int steps,
            Canvas canvas) {
        Rope positions = transformer.positions(ops, text.embeddings().dim(1), canvas);
        Optional<Tensor> seen = canvas.seen(ops, text.embeddings().dim(0));
        int blocks = transformer.config().numLayers();
        return new Velocity(
                vectors,
                still,
                steps,
                (o, latents, step) ->
                        transformer.velocity(
                                o,
                                latents,
                                seen,
                                text,
                                Modulation.of(step, blocks, 0),
                                step.subList(vectors.size(), step.size()),
                                positions));
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
