package glance.formula;

import glance.op.Op;

/** {@code x * W + bias + residual}, channels last. */
final class Conv2dFormula {
    private Conv2dFormula() {}

    /** What the operation writes: [batch, outHeight, outWidth, out]. */
    static Formula of(Op.Conv2d op, Values of) {
        Op.Padding padding = op.padding();
        int out = op.weight().dim(0);
        int outHeight =
                (op.x().dim(1) + padding.top() + padding.bottom() - op.weight().dim(1))
                                / op.stride()
                        + 1;
        int outWidth =
                (op.x().dim(2) + padding.left() + padding.right() - op.weight().dim(2))
                                / op.stride()
                        + 1;
        Elements x = of.of(op.x());
        Elements weight = of.of(op.weight());
        Elements bias = of.optional(op.bias());
        Elements residual = of.optional(op.residual());
        return m ->
                index -> {
                    long n = index % out;
                    int column = (int) (index / out % outWidth);
                    int row = (int) (index / out / outWidth % outHeight);
                    long sample = index / out / outWidth / outHeight;
                    double sum = window(m, op, x, weight, sample, row, column, n);
                    sum = bias == null ? sum : m.of(sum + bias.at(n));
                    return residual == null ? sum : m.of(sum + residual.at(index));
                };
    }

    private static double window(
            Arithmetic m,
            Op.Conv2d op,
            Elements x,
            Elements weight,
            long sample,
            int row,
            int column,
            long n) {
        int height = op.x().dim(1);
        int width = op.x().dim(2);
        int in = op.x().dim(3);
        int kernelHeight = op.weight().dim(1);
        int kernelWidth = op.weight().dim(2);
        double sum = 0;
        for (int i = 0; i < kernelHeight; i++) {
            for (int j = 0; j < kernelWidth; j++) {
                int py = row * op.stride() + i - op.padding().top();
                int px = column * op.stride() + j - op.padding().left();
                if (py >= 0 && py < height && px >= 0 && px < width) {
                    long pixel = ((sample * height + py) * width + px) * in;
                    long tap = ((n * kernelHeight + i) * kernelWidth + j) * in;
                    sum = m.dot(sum, x, pixel, weight, tap, in);
                }
            }
        }
        return sum;
    }
}
