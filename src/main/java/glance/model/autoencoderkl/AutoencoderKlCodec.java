package glance.model.autoencoderkl;

import glance.io.Weights;
import glance.model.LatentCodec;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * The autoencoder with what the pipelines do around it: packing, and {@code (latents - shift) *
 * scale}. Owns the weights.
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
     * @param patch latent pixels along each side of a token
     */
    public AutoencoderKlCodec(Ops ops, AutoencoderKlConfig config, Weights weights, int patch) {
        this.config = config;
        this.weights = weights;
        this.patch = patch;
        this.autoencoder = new AutoencoderKl(ops, config, weights);
    }

    @Override
    public Tensor decode(Ops ops, Tensor latents, TokenGrid grid) {
        try (Scope scope = ops.scope()) {
            Tensor pixels = Latents.unpack(ops, latents, patch, grid);
            Tensor wide = ops.mul(pixels, number(ops, 1 / config.scalingFactor()));
            Tensor raw = ops.add(wide, number(ops, config.shiftFactor()));
            return scope.keep(autoencoder.decode(ops, raw));
        }
    }

    @Override
    public Tensor encode(Ops ops, Tensor image) {
        try (Scope scope = ops.scope()) {
            Tensor moments = autoencoder.encode(ops, image);
            Tensor mean = ops.pack(moments.narrow(3, 0, config.latentChannels()));
            Tensor centred = ops.add(mean, number(ops, -config.shiftFactor()));
            Tensor scaled = ops.mul(centred, number(ops, config.scalingFactor()));
            return scope.keep(Latents.pack(ops, scaled.permute(0, 3, 1, 2), patch));
        }
    }

    private static Tensor number(Ops ops, double value) {
        return ops.host().floats(Shape.of(1), (float) value);
    }

    @Override
    public void close() {
        autoencoder.close();
        weights.close();
    }
}
