package glance.model.autoencoderqwen;

import glance.io.Weights;
import glance.model.CodecShapes;
import glance.model.LatentCodec;
import glance.model.Latents;
import glance.model.Posterior;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/**
 * The autoencoder with what the pipeline does around it: packing, and whitening of the channels.
 */
public final class QwenImageCodec implements LatentCodec {
    private static final int PATCH = 2;

    private final AutoencoderConfig config;
    private final Weights weights;
    private final QwenImageAutoencoder autoencoder;

    /** Loads it; the weights belong to it. */
    public QwenImageCodec(Ops ops, AutoencoderConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        this.autoencoder = new QwenImageAutoencoder(ops, config, weights);
    }

    @Override
    public Tensor decode(Ops ops, Tensor latents, TokenGrid grid) {
        CodecShapes.tokens(latents, grid, config.latentChannels() * PATCH * PATCH);
        try (Scope scope = ops.scope()) {
            Tensor pixels = Latents.unpack(ops, latents, PATCH, grid);
            Tensor scaled = ops.mul(pixels, vector(ops, config.latentsStd(), 1, 0));
            Tensor raw = ops.add(scaled, vector(ops, config.latentsMean(), 1, 0));
            return scope.keep(autoencoder.decode(ops, raw));
        }
    }

    @Override
    public Tensor encode(Ops ops, Tensor image) {
        CodecShapes.picture(image, config.imageChannels(), config.scaleFactor() * PATCH);
        try (Scope scope = ops.scope()) {
            return scope.keep(mean(ops, autoencoder.encode(ops, image)));
        }
    }

    /** With deviations, as the pipelines of Qwen-Image draw a sample. */
    @Override
    public Posterior posterior(Ops ops, Tensor image) {
        CodecShapes.picture(image, config.imageChannels(), config.scaleFactor() * PATCH);
        try (Scope scope = ops.scope()) {
            Tensor moments = autoencoder.encode(ops, image);
            int z = config.latentChannels();
            Tensor deviations = Posterior.deviations(ops, moments.narrow(3, z, z));
            return new Posterior(
                    scope.keep(mean(ops, moments)), scope.keep(scaled(ops, deviations)));
        }
    }

    private Tensor mean(Ops ops, Tensor moments) {
        Tensor mean = ops.pack(moments.narrow(3, 0, config.latentChannels()));
        return scaled(ops, ops.add(mean, vector(ops, config.latentsMean(), -1, 0)));
    }

    /** [1, height, width, channels] divided by the deviations of the channels, and packed. */
    private Tensor scaled(Ops ops, Tensor pixels) {
        Tensor white = ops.mul(pixels, vector(ops, config.latentsStd(), 0, 1));
        return Latents.pack(ops, white.permute(0, 3, 1, 2), PATCH);
    }

    /**
     * {@code factor * values + inverse / values}: the values, their negatives or their inverses.
     */
    private static Tensor vector(Ops ops, List<Double> values, int factor, int inverse) {
        float[] result = new float[values.size()];
        for (int i = 0; i < result.length; i++) {
            double value = values.get(i);
            result[i] = (float) (inverse == 0 ? factor * value : inverse / value);
        }
        return ops.host().floats(Shape.of(result.length), result);
    }

    @Override
    public void close() {
        autoencoder.close();
        weights.close();
    }
}
