package glance.nn;

import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * {@code x / sqrt(mean(x^2) + eps) * weight} over the last dimension.
 *
 * @param weight [dim]
 */
public record RmsNorm(Weight weight, float eps) {
    /** The norm of x [..., dim]. */
    public Tensor forward(Ops ops, Tensor x) {
        return ops.rmsNorm(x, weight.in(ops), eps);
    }
}
