package glance.nn;

import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

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

    /**
     * The norm of each head with rotary positions.
     *
     * @param x [batch, seqLen, numHeads, dim]
     * @param rope for seqLen positions, or null for no rotation
     */
    public Tensor heads(Ops ops, Tensor x, Rope rope) {
        return ops.headNormRope(List.of(x), List.of(weight.in(ops)), eps, rope);
    }

    /**
     * {@code norm(x) * (1 + scale) + shift}.
     *
     * @param x [batch, seqLen, dim]
     * @param scale [batch or 1, dim]
     * @param shift [batch or 1, dim]
     */
    public Tensor modulated(Ops ops, Tensor x, Tensor scale, Tensor shift) {
        try (Scope scope = ops.scope()) {
            Tensor normed = forward(ops, x);
            Tensor scaled = ops.gateResidual(normed, scale, normed);
            List<Tensor> samples = new ArrayList<>();
            for (int row = 0; row < shift.dim(0); row++) {
                Tensor own = shift.dim(0) == 1 ? scaled : scaled.narrow(0, row, 1);
                samples.add(ops.add(own, shift.narrow(0, row, 1).reshape(shift.dim(1))));
            }
            return scope.keep(samples.size() == 1 ? samples.get(0) : ops.concat(0, samples));
        }
    }
}
