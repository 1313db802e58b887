package glance.model.autoencoderkl;

import glance.nn.GroupNorm;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;

/**
 * The narrowest part of encoder and decoder: residual, attention of one head over all pixels,
 * residual. Works on the whole picture, since every pixel sees every other.
 */
final class MidBlock implements Layer {
    private final ResidualBlock first;
    private final ResidualBlock second;
    private final Attention attention; // null for none

    MidBlock(Parameters p, int dim, AutoencoderKlConfig config) {
        int groups = config.normGroups();
        first = new ResidualBlock(p.in("resnets").in(0), dim, dim, groups);
        attention =
                config.midAttention() ? new Attention(p.in("attentions").in(0), dim, groups) : null;
        second = new ResidualBlock(p.in("resnets").in(1), dim, dim, groups);
    }

    @Override
    public Strips forward(Ops ops, Strips x) {
        int stripRows = x.parts().get(0).dim(1);
        Tensor h = first.forward(ops, Strips.whole(x.join(ops))).join(ops);
        if (attention != null) {
            Tensor attended = attention.forward(ops, h);
            ops.free(h);
            h = attended;
        }
        Strips y = second.forward(ops, Strips.whole(h));
        return Strips.cut(ops, y.join(ops), stripRows);
    }

    /** {@code x + out(softmax(q k^T / sqrt(dim)) v)} of the normed pixels. */
    private static final class Attention {
        private final GroupNorm norm;
        private final Linear toQ;
        private final Linear toK;
        private final Linear toV;
        private final Linear toOut;
        private final int dim;

        /** Checkpoints from before the projections were renamed are still in use. */
        Attention(Parameters p, int dim, int groups) {
            this.dim = dim;
            boolean old = p.has("query.weight");
            norm = p.groupNorm("group_norm", dim, groups, AutoencoderKl.EPS);
            toQ = p.linear(old ? "query" : "to_q", dim, dim);
            toK = p.linear(old ? "key" : "to_k", dim, dim);
            toV = p.linear(old ? "value" : "to_v", dim, dim);
            toOut = p.linear(old ? "proj_attn" : "to_out.0", dim, dim);
        }

        Tensor forward(Ops ops, Tensor x) {
            try (Scope scope = ops.scope()) {
                int batch = x.dim(0);
                int pixels = x.dim(1) * x.dim(2);
                Tensor statistics = norm.statistics(ops, List.of(x));
                Tensor tokens =
                        norm.forward(ops, x, statistics, Activation.NONE)
                                .reshape(batch, pixels, dim);
                Tensor q = toQ.forward(ops, tokens).reshape(batch, pixels, 1, dim);
                Tensor k = toK.forward(ops, tokens).reshape(batch, pixels, 1, dim);
                Tensor v = toV.forward(ops, tokens).reshape(batch, pixels, 1, dim);
                ops.free(tokens);
                float scale = (float) (1 / Math.sqrt(dim));
                Tensor mixed = ops.attention(q, k, v, scale, AttentionMask.none());
                List.of(q, k, v).forEach(ops::free);
                Tensor residual = x.reshape(batch, pixels, dim);
                Tensor y =
                        toOut.forward(
                                ops, mixed.reshape(batch, pixels, dim), Epilogue.add(residual));
                return scope.keep(y).reshape(x.shape().dims());
            }
        }
    }
}
