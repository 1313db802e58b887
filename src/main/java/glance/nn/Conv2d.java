package glance.nn;

import glance.backend.Op;
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
}
