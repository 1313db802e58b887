package glance.model.transformer;

import glance.nn.Parameters;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.Collections;

/**
 * Tokens from patches of the picture. The reference has a convolution whose stride is its size,
 * which is a product with packed tokens.
 */
public record PatchEmbedding(Tensor weight, Tensor bias) {
    /** Takes {@code proj} from {@code p}. */
    public static PatchEmbedding of(Parameters p, int channels, int patch, int dim) {
        Tensor kernel = p.tensor("proj.weight", dim, channels, patch, patch);
        return new PatchEmbedding(
                kernel.reshape(dim, channels * patch * patch), p.tensor("proj.bias", dim));
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
        return ops.add(ops.linear(latents, weight, bias), places);
    }
}
