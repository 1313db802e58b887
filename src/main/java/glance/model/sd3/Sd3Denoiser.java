package glance.model.sd3;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Conditioning;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.model.transformer.Modulation;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The transformer as the sampler sees it. */
final class Sd3Denoiser implements Denoiser {
    private final int timesteps;
    private final Weights weights;
    private final Sd3Transformer transformer;

    /**
     * @param timesteps of training: the model is shown the noise level times this
     */
    Sd3Denoiser(Ops ops, Sd3Config config, int timesteps, Weights weights) {
        this.timesteps = timesteps;
        this.weights = weights;
        this.transformer = new Sd3Transformer(ops, config, weights);
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        return texts.stream()
                .map(text -> modulation(ops, text, sigmas).tensors())
                .map(vectors -> new Conditioning(vectors, sigmas.length))
                .toList();
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        int blocks = transformer.config().numLayers();
        return (o, latents, step, constants) ->
                transformer.velocity(
                        o,
                        latents,
                        text.embeddings(),
                        Modulation.of(step, blocks, 0),
                        canvas.grid());
    }

    private Modulation modulation(Ops ops, TextBatch text, float[] sigmas) {
        int batch = text.pooled().dim(0);
        float[] times = new float[sigmas.length * batch];
        for (int step = 0; step < sigmas.length; step++) {
            Arrays.fill(times, step * batch, (step + 1) * batch, sigmas[step] * timesteps);
        }
        try (Scope scope = ops.scope()) {
            // every step has the same texts
            Tensor pooled = ops.concat(0, Collections.nCopies(sigmas.length, text.pooled()));
            Modulation all = transformer.modulation(ops, times, pooled);
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
