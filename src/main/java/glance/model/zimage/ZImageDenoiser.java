package glance.model.zimage;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Conditioning;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/** The transformer as the sampler sees it. */
final class ZImageDenoiser implements Denoiser {
    private final Weights weights;
    private final ZImageTransformer transformer;

    ZImageDenoiser(Ops ops, ZImageConfig config, Weights weights) {
        this.weights = weights;
        this.transformer = new ZImageTransformer(ops, config, weights);
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        // no vector depends on the text, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas).tensors();
        return texts.stream()
                .map(text -> List.of(refined(ops, text, canvas)))
                .map(constants -> new Conditioning(vectors, constants, sigmas.length))
                .toList();
    }

    private Tensor refined(Ops ops, TextBatch text, Canvas canvas) {
        int[] lengths = lengths(ops, text);
        try (Scope scope = ops.scope()) {
            ZImageLayout layout = transformer.layout(ops, lengths, canvas.grid());
            return scope.keep(transformer.text(ops, text, lengths, layout));
        }
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        ZImageLayout layout = transformer.layout(ops, lengths(ops, text), canvas.grid());
        Tensor reverse = ops.host().floats(Shape.of(1), -1);
        return (o, latents, step, constants) ->
                o.mul(
                        transformer.predict(
                                o, latents, constants.get(0), transformer.modulation(step), layout),
                        reverse);
    }

    /**
     * Numbers of words; a device that only counts memory has none, and takes all rows for words.
     */
    private static int[] lengths(Ops ops, TextBatch texts) {
        ByteBuffer bytes = ops.host().bytes(texts.lengths());
        int[] lengths = new int[texts.lengths().dim(0)];
        for (int b = 0; b < lengths.length; b++) {
            int length = bytes.getInt(Integer.BYTES * b);
            lengths[b] = length == 0 ? texts.embeddings().dim(1) : length;
        }
        return lengths;
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
