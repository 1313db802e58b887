package glance.nn;

import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * The adaptive norm of x, {@code norm(x) * (1 + scale) + shift}, as an input of layers: a device
 * may make of it what they read.
 *
 * @param x [batch, seqLen, dim]
 * @param scale [batch or 1, dim]
 * @param shift [batch or 1, dim]
 */
public record Modulated(Tensor x, Tensor scale, Tensor shift, float eps) {
    /** The norm alone, [batch, seqLen, dim]. */
    public Tensor forward(Ops ops) {
        return ops.layerNormModulate(x, scale, shift, eps);
    }
}
