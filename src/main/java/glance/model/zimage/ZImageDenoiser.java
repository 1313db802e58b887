package glance.model.zimage;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.nn.Parameters;
import glance.ops.Ops;
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
    public List<Velocity> prepare(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        // no vector depends on the text, so all prompts share them
        List<Tensor> vectors = transformer.modulation(ops, sigmas).tensors();
        return texts.stream()
                .map(text -> velocity(ops, text, vectors, sigmas.length, canvas))
                .toList();
    }

    private Velocity velocity(
            Ops ops, TextBatch texts, List<Tensor> vectors, int steps, Canvas canvas) {
        int[] lengths = lengths(ops, texts);
        ZImageLayout layout = transformer.layout(ops, lengths, canvas.grid());
        Tensor text = transformer.text(ops, texts, lengths, layout);
        Tensor reverse = ops.host().floats(Shape.of(1), -1);
        int last = vectors.size();
        return new Velocity(
                vectors,
                List.of(text),
                steps,
                (o, latents, step) ->
                        o.mul(
                                transformer.predict(
                                        o,
                                        latents,
                                        step.get(last),
                                        transformer.modulation(step.subList(0, last)),
                                        layout),
                                reverse));
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
