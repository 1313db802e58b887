package glance.model.dit;

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
import glance.schedule.DdimSchedule;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The transformer as the sampler sees it. Between latents y at the noise level sigma and what the
 * model was trained on lies a factor ({@link DdimSchedule}), and from the predicted noise follows
 * the velocity:
 *
 * <pre>
 *   x = y / sqrt((1 - sigma)^2 + sigma^2)
 *   noise - data = (noise - y) / (1 - sigma)      since y = (1 - sigma) data + sigma noise
 * </pre>
 */
final class DitDenoiser implements Denoiser {
    /** Latent channels that guidance changes, as in the code that DiT was published with. */
    private static final int GUIDED_CHANNELS = 3;

    private final Weights weights;
    private final DitTransformer transformer;
    private final DdimSchedule schedule;

    DitDenoiser(Ops ops, DitConfig config, DdimSchedule schedule, Weights weights) {
        this.weights = weights;
        this.transformer = new DitTransformer(ops, config, weights);
        this.schedule = schedule;
    }

    @Override
    public Parameters parameters() {
        return transformer.parameters();
    }

    @Override
    public float startScale(float sigma) {
        return (float) Math.hypot(1 - sigma, sigma);
    }

    @Override
    public int guidedChannels(int channels) {
        int patch = transformer.config().patchSize();
        return Math.min(channels, GUIDED_CHANNELS * patch * patch);
    }

    @Override
    public List<Conditioning> condition(
            Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float embeddedGuidance) {
        return texts.stream().map(text -> conditioning(ops, text, sigmas)).toList();
    }

    @Override
    public Velocity.Prediction prediction(Ops ops, TextBatch text, Canvas canvas) {
        Tensor positions = transformer.positions(ops, canvas.grid());
        Tensor minusOne = ops.host().floats(Shape.of(1), -1);
        return (o, latents, step, constants) -> velocity(o, latents, step, positions, minusOne);
    }

    private Conditioning conditioning(Ops ops, TextBatch text, float[] sigmas) {
        FloatBuffer classes = ops.host().floats(text.embeddings());
        int batch = classes.remaining();
        int rows = sigmas.length * batch;
        float[] timesteps = new float[rows];
        float[] inputScales = new float[rows];
        float[] outputScales = new float[rows];
        int[] labels = new int[rows];
        for (int row = 0; row < rows; row++) {
            float sigma = sigmas[row / batch];
            timesteps[row] = schedule.timestep(sigma);
            inputScales[row] = 1 / startScale(sigma);
            outputScales[row] = 1 / (1 - sigma);
            labels[row] = (int) classes.get(row % batch);
        }
        Shape column = Shape.of(rows, 1);
        List<Tensor> vectors = new ArrayList<>();
        vectors.add(ops.host().floats(column, inputScales));
        vectors.add(ops.host().floats(column, outputScales));
        vectors.addAll(transformer.modulation(ops, timesteps, labels).tensors());
        return new Conditioning(vectors, sigmas.length);
    }

    private Tensor velocity(
            Ops ops, Tensor latents, List<Tensor> step, Tensor positions, Tensor minusOne) {
        int blocks = transformer.config().numLayers();
        Modulation modulation = Modulation.of(step.subList(2, step.size()), 0, blocks);
        try (Scope scope = ops.scope()) {
            Tensor x = ops.mul(latents, first(step.get(0)));
            Tensor predicted = transformer.noise(ops, x, modulation, positions);
            // channels beyond those of the latents are the learned variance
            Tensor noise = predicted.narrow(2, 0, latents.dim(2));
            Tensor distance = ops.add(noise, ops.mul(latents, minusOne));
            return scope.keep(ops.mul(distance, first(step.get(1))));
        }
    }

    /** All samples have the same noise level. */
    private static Tensor first(Tensor scales) {
        return scales.narrow(0, 0, 1).reshape(1);
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
