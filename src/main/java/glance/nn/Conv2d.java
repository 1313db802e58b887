package glance.nn;

import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * 2-D convolution, channels last: x [batch, height, width, in] to [batch, height', width', out].
 */
public final class Conv2d {
    private final Tensor weight; // (out, kh, kw, in)
    private final Tensor bias; // (out)
    private final int stride;
    private final Op.Padding padding;

    Conv2d(Tensor weight, Tensor bias, int stride, Op.Padding padding) {
        this.weight = weight;
        this.bias = bias;
        this.stride = stride;
        this.padding = padding;
    }

    /** The convolution of x. */
    public Tensor forward(Ops ops, Tensor x) {
        return ops.conv2d(x, weight, bias, stride, padding, null);
    }

    /** The convolution of x, plus {@code residual} of the result's shape. */
    public Tensor forward(Ops ops, Tensor x, Tensor residual) {
        return ops.conv2d(x, weight, bias, stride, padding, residual);
    }

    /**
     * The convolution of a strip of a picture that brings its neighbouring rows along: zeros are
     * imagined above and below only where the picture ends.
     *
     * @param residual of the result's shape, or null
     * @param top whether the strip starts at the picture's first row
     * @param bottom whether the strip ends at the picture's last row
     */
    public Tensor forward(Ops ops, Tensor x, Tensor residual, boolean top, boolean bottom) {
        Op.Padding strip =
                new Op.Padding(
                        top ? padding.top() : 0,
                        padding.left(),
                        bottom ? padding.bottom() : 0,
                        padding.right());
        return ops.conv2d(x, weight, bias, stride, strip, residual);
    }
}
