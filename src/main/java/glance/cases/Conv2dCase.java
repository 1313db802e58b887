package glance.cases;

import glance.op.Op.Padding;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * {@link Ops#conv2d} on x [batch, height, width, in].
 *
 * @param weight dtype of the weight [out, kernelHeight, kernelWidth, in]
 */
public record Conv2dCase(
        DType weight,
        int batch,
        int height,
        int width,
        int in,
        int out,
        int kernelHeight,
        int kernelWidth,
        int stride,
        Padding padding,
        Part... parts) {
    /** What else takes part. */
    public enum Part {
        BIAS,
        RESIDUAL,
        /** x and the residual are cut out of larger pictures. */
        CROPPED
    }

    /** A square picture, a square kernel, and the same padding on all sides. */
    public static Conv2dCase square(
            DType weight,
            int batch,
            int size,
            int in,
            int out,
            int kernel,
            int stride,
            int padding,
            Part... parts) {
        Padding all = Padding.all(padding);
        return new Conv2dCase(
                weight, batch, size, size, in, out, kernel, kernel, stride, all, parts);
    }

    /** The convolution and what is added to it, in one operation. */
    public Tensor forward(Arguments a) {
        Tensor x = picture(a, height, width, in);
        Tensor w = a.weight(weight, out, kernelHeight, kernelWidth, in);
        Tensor bias = has(Part.BIAS) ? a.weight(weight, out) : null;
        int rows = (height + padding.top() + padding.bottom() - kernelHeight) / stride + 1;
        int columns = (width + padding.left() + padding.right() - kernelWidth) / stride + 1;
        Tensor residual = has(Part.RESIDUAL) ? picture(a, rows, columns, out) : null;
        return a.ops().conv2d(x, w, bias, stride, padding, residual);
    }

    private boolean has(Part part) {
        return Arrays.asList(parts).contains(part);
    }

    private Tensor picture(Arguments a, int rows, int columns, int channels) {
        return has(Part.CROPPED)
                ? a.activation(batch, rows + 3, columns + 2, channels)
                        .narrow(1, 2, rows)
                        .narrow(2, 1, columns)
                : a.activation(batch, rows, columns, channels);
    }

    @Override
    public String toString() {
        return String.format(
                "[%d, %d, %d, %d] to %d, %s [%d, %d], stride %d, %s %s",
                batch,
                height,
                width,
                in,
                out,
                weight,
                kernelHeight,
                kernelWidth,
                stride,
                padding,
                Arrays.toString(parts));
    }
}
