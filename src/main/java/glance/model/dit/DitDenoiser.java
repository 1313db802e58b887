package glance.model.dit;

import glance.io.Weights;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.DdimSchedule;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Map;

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
    public Map<String, Linear> linears() {
        return transformer.linears();
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
    public Velocity prepare(
            Ops ops, TextBatch text, float[] sigmas, TokenGrid grid, float embeddedGuidance) {
        FloatBuffer classes = ops.host().floats(text.embeddings());
        int batch = classes.remaining();
        float[] timesteps = new float[sigmas.length * batch];
        int[] labels = new int[sigmas.length * batch];
        for (int row = 0; row < labels.length; row++) {
            timesteps[row] = schedule.timestep(sigmas[row / batch]);
            labels[row] = (int) classes.get(row % batch);
        }
        DitModulation all = transformer.modulation(ops, timesteps, labels);
        return (o, latents, step) ->
                velocity(o, latents, sigmas[step], all.rows(step * batch, batch), grid);
    }

    private Tensor velocity(
            Ops ops, Tensor latents, float sigma, DitModulation modulation, TokenGrid grid) {
        try (Scope scope = ops.scope()) {
            Tensor x = ops.mul(latents, scalar(ops, 1 / startScale(sigma)));
            Tensor predicted = transformer.noise(ops, x, modulation, grid.height(), grid.width());
            // channels beyond those of the latents are the learned variance
            Tensor noise = predicted.narrow(2, 0, latents.dim(2));
            Tensor distance = ops.add(noise, ops.mul(latents, scalar(ops, -1)));
            return scope.keep(ops.mul(distance, scalar(ops, 1 / (1 - sigma))));
        }
    }

    private static Tensor scalar(Ops ops, float value) {
        return ops.host().floats(Shape.of(1), value);
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
    }
}
