package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;

/** Pictures to packed, normalised latents and back. */
public interface LatentCodec extends AutoCloseable {
    /**
     * The picture of latents.
     *
     * @param latents [batch, tokens, channels], as the denoiser sees them at sigma 0
     * @return [batch, height, width, 3] in [-1, 1], or a little beyond
     */
    Tensor decode(Ops ops, Tensor latents, TokenGrid grid);

    /**
     * The latents of a picture: the mean of the posterior.
     *
     * @param image [batch, height, width, 3] in [-1, 1]
     * @return [batch, tokens, channels]
     */
    Tensor encode(Ops ops, Tensor image);

    /**
     * What a drawing starts from that begins with a picture.
     *
     * @param image [1, height, width, 3] in [-1, 1]
     */
    Posterior posterior(Ops ops, Tensor image);

    @Override
    void close();
}
