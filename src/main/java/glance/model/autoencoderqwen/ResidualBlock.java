package glance.model.autoencoderqwen;

import glance.nn.Conv2d;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;

/** {@code shortcut(x) + conv2(silu(norm2(conv1(silu(norm1(x))))))}, channels last. */
final class ResidualBlock implements Layer {
    private final ChannelNorm norm1;
    private final Conv2d conv1;
    private final ChannelNorm norm2;
    private final Conv2d conv2;
    private final Conv2d shortcut; // null for the identity

    ResidualBlock(Parameters p, int in, int out) {
        norm1 = new ChannelNorm(p.in("norm1"), in, 3);
        conv1 = p.causalConv3d("conv1", in, out, 3);
        norm2 = new ChannelNorm(p.in("norm2"), out, 3);
        conv2 = p.causalConv3d("conv2", out, out, 3);
        shortcut = in == out ? null : p.causalConv3d("conv_shortcut", in, out, 1);
    }

    @Override
    public Tensor forward(Ops ops, Tensor x) {
        try (Scope scope = ops.scope()) {
            Tensor residual = shortcut == null ? x : shortcut.forward(ops, x);
            Tensor h = conv1.forward(ops, norm1.forward(ops, x, Activation.SILU));
            return scope.keep(conv2.forward(ops, norm2.forward(ops, h, Activation.SILU), residual));
        }
    }
}
