package glance.ops;

import glance.tensor.Tensor;

/** Rows of any rank, as devices take them. */
final class Tokens {
    private Tokens() {}

    /** [..., dim] as [batch, seqLen, dim]. */
    static Tensor of(CopyOps ops, Tensor x) {
        if (x.rank() == 3) {
            return x;
        }
        return ops.contiguous(x).reshape(1, x.dim(-1) == 0 ? 0 : -1, x.dim(-1));
    }
}
