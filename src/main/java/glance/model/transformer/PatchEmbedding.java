package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.Collections;

/**
 * Tokens from patches of the picture. The reference has a convolution whose stride is its size,
 * which is a product with packed tokens.
 */
public record PatchEmbedding(Linear proj) {
    /** Takes {@code proj} from {@code p}. */
    public static PatchEmbedding of(Parameters p, int channels, int patch, int dim) {
        return new PatchEmbedding(p.patches("proj", channels, patch, dim));
    }

    /**
     * Tokens that know their place.
     *
     * @param latents [batch, tokens, channels * patch^2], packed
     * @param positions [1, tokens, dim]
     * @return [batch, tokens, dim]
     */
    public Tensor forward(Ops ops, Tensor latents, Tensor positions) {
        Tensor places = ops.concat(0, Collections.nCopies(latents.dim(0), positions));
        return ops.add(proj.forward(ops, latents), places);
    }
}
