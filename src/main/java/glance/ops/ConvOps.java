package glance.ops;

import glance.op.Op;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Pictures, channels last. */
public sealed interface ConvOps extends CopyOps permits Ops {
    /**
     * 2-D convolution, channels last; PyTorch {@code conv2d} with weight [out, in, kh, kw] stored
     * as [out, kh, kw, in].
     *
     * @param x [batch, height, width, in]
     * @param weight [out, kh, kw, in]
     * @param bias [out], or null
     * @param residual added to the result, same shape, or null
     * @return [batch, (height + top + bottom - kh) / stride + 1, (width + left + right - kw) /
     *     stride + 1, out]
     */
    default Tensor conv2d(
            Tensor x, Tensor weight, Tensor bias, int stride, Op.Padding padding, Tensor residual) {
        String op = "conv2d";
        Check.given(op, "padding", padding);
        Check.rank(op, "x", x, 4, "[batch, height, width, in]");
        Check.rank(op, "weight", weight, 4, "[out, kh, kw, in]");
        Check.that(
                weight.dim(3) == x.dim(3),
                op,
                "weight must be [out, kh, kw, " + x.dim(3) + "] to match x, got " + weight.shape());
        Check.packed(op, "weight", weight);
        if (bias != null) {
            Check.parameter(op, "bias", bias, Shape.of(weight.dim(0)), "[out]");
        }
        Check.that(stride >= 1, op, "stride must be at least 1, got " + stride);
        int least =
                Math.min(
                        Math.min(padding.top(), padding.left()),
                        Math.min(padding.bottom(), padding.right()));
        Check.that(least >= 0, op, "padding must not be negative, got " + padding);
        int spareRows = x.dim(1) + padding.top() + padding.bottom() - weight.dim(1);
        int spareColumns = x.dim(2) + padding.left() + padding.right() - weight.dim(2);
        Check.that(
                spareRows >= 0 && spareColumns >= 0,
                op,
                "x "
                        + x.shape()
                        + " with "
                        + padding
                        + " is smaller than the kernel ["
                        + weight.dim(1)
                        + ", "
                        + weight.dim(2)
                        + "]");
        int height = spareRows / stride + 1;
        int width = spareColumns / stride + 1;
        Shape result = Shape.of(x.dim(0), height, width, weight.dim(0));
        if (residual != null) {
            Check.shape(op, "residual", residual, result, "to match the result");
        }
        Tensor out = empty(computeType(), result);
        Tensor added = residual == null ? null : contiguous(residual);
        run(new Op.Conv2d(contiguous(x), weight, bias, stride, padding, added, out));
        return out;
    }

    /** Doubles height and width by repeating pixels; x [batch, height, width, channels]. */
    default Tensor upsampleNearest2x(Tensor x) {
        Check.rank("upsampleNearest2x", "x", x, 4, "[batch, height, width, channels]");
        Tensor out = empty(computeType(), Shape.of(x.dim(0), 2 * x.dim(1), 2 * x.dim(2), x.dim(3)));
        run(new Op.UpsampleNearest2x(contiguous(x), out));
        return out;
    }
}
