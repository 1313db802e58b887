package glance.model.autoencoderqwen;

import glance.io.Weights;
import glance.model.CodecShapes;
import glance.model.LatentCodec;
import glance.model.Latents;
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
            int z = config.latentChannels();
            Tensor mean = ops.pack(autoencoder.encode(ops, image).narrow(3, 0, z));
            Tensor centred = ops.add(mean, vector(ops, config.latentsMean(), -1, 0));
            Tensor white = ops.mul(centred, vector(ops, config.latentsStd(), 0, 1));
            return scope.keep(Latents.pack(ops, white.permute(0, 3, 1, 2), PATCH));
        }
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
