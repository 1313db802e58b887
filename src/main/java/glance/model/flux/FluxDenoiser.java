package glance.model.flux;

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
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The transformer as the sampler sees it. */
final class FluxDenoiser implements Denoiser {
    private final Weights weights;
    private final FluxTransformer transformer;

    FluxDenoiser(Ops ops, FluxConfig config, Weights weights) {
        this.weights = weights;
        this.transformer = new FluxTransformer(ops, config, weights);
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        return texts.stream()
                .map(text -> modulation(ops, text.pooled(), sigmas, embeddedGuidance).tensors())
                .map(vectors -> new Conditioning(vectors, sigmas.length))
                .toList();
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        FluxConfig config = transformer.config();
        Rope positions = transformer.positions(ops, text.embeddings().dim(1), canvas);
        Optional<Tensor> seen = canvas.seen(ops, text.embeddings().dim(0));
        return (o, latents, step, constants) ->
                transformer.velocity(
                        o,
                        latents,
                        seen,
                        text.embeddings(),
                        Modulation.of(step, config.numLayers(), config.numSingleLayers()),
                        positions);
    }

    /** The vectors of every step, and in each step of every sample. */
    private Modulation modulation(Ops ops, Tensor pooled, float[] sigmas, float embeddedGuidance) {
        int batch = pooled.dim(0);
        float[] levels = new float[sigmas.length * batch];
        for (int row = 0; row < levels.length; row++) {
            levels[row] = sigmas[row / batch];
        }
        float[] scales = new float[levels.length];
        Arrays.fill(scales, embeddedGuidance);
        try (Scope scope = ops.scope()) {
            Tensor texts = ops.concat(0, Collections.nCopies(sigmas.length, pooled));
            Modulation all = transformer.modulation(ops, levels, scales, texts);
            all.tensors().forEach(scope::keep);
            return all;
        }
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
