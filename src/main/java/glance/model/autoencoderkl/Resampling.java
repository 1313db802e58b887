package glance.model.autoencoderkl;

import glance.nn.Conv2d;
import glance.nn.Parameters;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.Tensor;

/** The convolutions between the levels, and those at the ends. */
final class Resampling {
    private Resampling() {}

    /** A 3 x 3 convolution. */
    static Layer convolution(Parameters p, String name, int in, int out) {
        Conv2d conv = p.conv2d(name, in, out, 3, 1, Op.Padding.all(1));
        return (ops, x) ->
                x.map(ops, 1, 1, s -> conv.forward(ops, s.rows(), null, s.top(), s.bottom()));
    }

    /** A 1 x 1 convolution. */
    static Layer pointwise(Parameters p, String name, int channels) {
        Conv2d conv = p.conv2d(name, channels, channels, 1, 1, Op.Padding.all(0));
        return (ops, x) -> x.map(ops, 0, 0, s -> conv.forward(ops, s.rows()));
    }

    /** Halves the sides; zeros are imagined below and right only. Strips need an even height. */
    static Layer down(Parameters p, int dim) {
        Conv2d conv = p.conv2d("conv", dim, dim, 3, 2, new Op.Padding(0, 0, 1, 1));
        return (ops, x) ->
                x.map(ops, 0, 1, s -> conv.forward(ops, s.rows(), null, s.top(), s.bottom()));
    }

    /** Doubles the sides by repeating pixels, then smooths them. */
    static Layer up(Parameters p, int dim) {
        Conv2d conv = p.conv2d("conv", dim, dim, 3, 1, Op.Padding.all(1));
        return (ops, x) -> x.map(ops, 1, 1, s -> up(ops, conv, s));
    }

    /** A neighbour's row becomes two, of which the convolution reads the nearer. */
    private static Tensor up(Ops ops, Conv2d conv, Strips.Strip strip) {
        Tensor doubled = ops.upsampleNearest2x(strip.rows());
        int above = strip.top() ? 0 : 1;
        int below = strip.bottom() ? 0 : 1;
        Tensor near = doubled.narrow(1, above, doubled.dim(1) - above - below);
        return conv.forward(ops, near, null, strip.top(), strip.bottom());
    }
}
