package glance.model.autoencoderkl;

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

/**
 * The autoencoder with what the pipelines do around it: packing, and normalising: {@code (latents -
 * shift) * scale}, or the statistics of a batch norm on packed latents. Owns the weights.
 */
public final class AutoencoderKlCodec implements LatentCodec {
    private final AutoencoderKlConfig config;
    private final Weights weights;
    private final AutoencoderKl autoencoder;
    private final int patch;

    /**
     * Loads the autoencoder.
     *
     * @param weights closed with the codec; if loading fails they stay open
     * @param patch latent pixels along each side of a token; 2 where a batch norm normalises
     */
    public AutoencoderKlCodec(Ops ops, AutoencoderKlConfig config, Weights weights, int patch) {
        this.config = config;
        this.weights = weights;
        this.patch = patch;
        this.autoencoder = new AutoencoderKl(ops, config, weights);
    }

    @Override
    public Tensor decode(Ops ops, Tensor latents, TokenGrid grid) {
        CodecShapes.tokens(latents, grid, config.latentChannels() * patch * patch);
        try (Scope scope = ops.scope()) {
            Tensor raw = autoencoder.normalisation().invert(ops, latents);
            Tensor pixels = Latents.unpack(ops, raw, patch, grid);
            return scope.keep(autoencoder.decode(ops, pixels));
        }
    }

    @Override
    public Tensor encode(Ops ops, Tensor image) {
        CodecShapes.picture(image, config.imageChannels(), config.scaleFactor() * patch);
        try (Scope scope = ops.scope()) {
            return scope.keep(mean(ops, autoencoder.encode(ops, image)));
        }
    }

    /** A sample, as the pipelines of FLUX, SD3 and Z-Image draw one; FLUX.2 takes the mean. */
    @Override
    public Posterior posterior(Ops ops, Tensor image) {
        if (config.batchNorm()) {
            return new Posterior(encode(ops, image));
        }
        CodecShapes.picture(image, config.imageChannels(), config.scaleFactor() * patch);
        try (Scope scope = ops.scope()) {
            Tensor moments = autoencoder.encode(ops, image);
            return new Posterior(
                    scope.keep(mean(ops, moments)), scope.keep(deviation(ops, moments)));
        }
    }

    private Tensor mean(Ops ops, Tensor moments) {
        Tensor mean = ops.pack(moments.narrow(3, 0, config.latentChannels()));
        Tensor tokens = Latents.pack(ops, mean.permute(0, 3, 1, 2), patch);
        return autoencoder.normalisation().apply(ops, tokens);
    }

    /** There is one scale for all channels. */
    private Tensor deviation(Ops ops, Tensor moments) {
        int z = config.latentChannels();
        Tensor pixels = Posterior.deviations(ops, moments.narrow(3, z, z));
        Tensor scale = ops.host().floats(Shape.of(1), (float) config.scalingFactor());
        return ops.mul(Latents.pack(ops, pixels.permute(0, 3, 1, 2), patch), scale);
    }

    @Override
    public void close() {
        autoencoder.close();
        weights.close();
    }
}
