package glance.model.autoencoderkl;

import glance.nn.Conv2d;
import glance.nn.GroupNorm;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/** {@code shortcut(x) + conv2(silu(norm2(conv1(silu(norm1(x))))))}, channels last. */
final class ResidualBlock implements Layer {
    private final GroupNorm norm1;
    private final Conv2d conv1;
    private final GroupNorm norm2;
    private final Conv2d conv2;
    private final Conv2d shortcut; // null for the identity

    ResidualBlock(Parameters p, int in, int out, int groups) {
        norm1 = p.groupNorm("norm1", in, groups, AutoencoderKl.EPS);
        conv1 = p.conv2d("conv1", in, out, 3, 1, Op.Padding.all(1));
        norm2 = p.groupNorm("norm2", out, groups, AutoencoderKl.EPS);
        conv2 = p.conv2d("conv2", out, out, 3, 1, Op.Padding.all(1));
        shortcut = in == out ? null : p.conv2d("conv_shortcut", in, out, 1, 1, Op.Padding.all(0));
    }

    @Override
    public Strips forward(Ops ops, Strips x) {
        Tensor statistics = norm1.statistics(ops, x.parts());
        Strips h;
        Strips residual;
        if (shortcut == null) {
            residual = x;
            h = x.read(ops, 1, 1, s -> convolve(ops, s, norm1, statistics, conv1, null));
        } else {
            List<Strips> both =
                    x.fork(
                            ops,
                            1,
                            1,
                            s -> convolve(ops, s, norm1, statistics, conv1, null),
                            part -> shortcut.forward(ops, part));
            h = both.get(0);
            residual = both.get(1);
        }
        Tensor inner = norm2.statistics(ops, h.parts());
        return h.mapWith(
                residual,
                ops,
                1,
                1,
                s -> convolve(ops, s, norm2, inner, conv2, residual.parts().get(s.index())));
    }

    /** {@code residual + conv(silu(norm(strip)))} for a 3 x 3 convolution. */
    static Tensor convolve(
            Ops ops,
            Strips.Strip strip,
            GroupNorm norm,
            Tensor statistics,
            Conv2d conv,
            Tensor residual) {
        Tensor normed = norm.forward(ops, strip.rows(), statistics, Activation.SILU);
        return conv.forward(ops, normed, residual, strip.top(), strip.bottom());
    }
}
