package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.tensor.Tensor;

/** A last norm whose scale and shift come from the conditioning, and the projection behind it. */
public record FinalLayer(Linear modulation, Linear projection) {
    private static final float EPS = 1e-6f;

    /** Takes {@code norm_out.linear} and {@code proj_out} from {@code p}. */
    public static FinalLayer of(Parameters p, int dim, int channels) {
        return of(p, dim, channels, true);
    }

    /** The same with biases or without. */
    public static FinalLayer of(Parameters p, int dim, int channels, boolean biased) {
        return new FinalLayer(
                p.conditioning().linear("norm_out.linear", dim, 2 * dim, biased),
                p.linear("proj_out", dim, channels, biased));
    }

    /** Scale and shift [rows, 2 * dim] from silu(conditioning) [rows, dim]. */
    public Tensor modulation(Ops ops, Tensor embedding) {
        return modulation.forward(ops, embedding);
    }

    /**
     * The channels of each token.
     *
     * @param x [batch, tokens, dim]
     * @param vector [batch or 1, 2 * dim] from {@link #modulation(Ops, Tensor)}
     * @return [batch, tokens, channels]
     */
    public Tensor forward(Ops ops, Tensor x, Tensor vector) {
        int dim = x.dim(2);
        Tensor scale = vector.narrow(1, 0, dim);
        Tensor shift = vector.narrow(1, dim, dim);
        return projection.forward(ops, ops.layerNormModulate(x, scale, shift, EPS));
    }
}
