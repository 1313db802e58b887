package glance.model.autoencoderqwen;

import glance.nn.Conv2d;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;

/** The narrowest part of encoder and decoder: residual, attention over all pixels, residual. */
final class MidBlock implements Layer {
    private final ResidualBlock first;
    private final ResidualBlock second;
    private final ChannelNorm norm;
    private final Conv2d toQkv;
    private final Conv2d proj;
    private final int dim;

    MidBlock(Parameters p, int dim) {
        this.dim = dim;
        first = new ResidualBlock(p.in("resnets").in(0), dim, dim);
        second = new ResidualBlock(p.in("resnets").in(1), dim, dim);
        Parameters attention = p.in("attentions").in(0);
        norm = new ChannelNorm(attention.in("norm"), dim, 2);
        toQkv = attention.conv2d("to_qkv", dim, 3 * dim, 1, 1, Op.Padding.all(0));
        proj = attention.conv2d("proj", dim, dim, 1, 1, Op.Padding.all(0));
    }

    @Override
    public Tensor forward(Ops ops, Tensor x) {
        try (Scope scope = ops.scope()) {
            Tensor h = first.forward(ops, x);
            Tensor qkv = toQkv.forward(ops, norm.forward(ops, h, Activation.NONE));
            int pixels = x.dim(1) * x.dim(2);
            Tensor heads = qkv.reshape(x.dim(0), pixels, 1, 3 * dim);
            Tensor mixed =
                    ops.attention(
                            heads.narrow(3, 0, dim),
                            heads.narrow(3, dim, dim),
                            heads.narrow(3, 2 * dim, dim),
                            (float) (1 / Math.sqrt(dim)),
                            AttentionMask.none());
            Tensor attended = proj.forward(ops, mixed.reshape(x.shape().dims()), h);
            return scope.keep(second.forward(ops, attended));
        }
    }
}
