package glance.formula;

import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;

/** The gradients of a product with an adapter. */
final class LinearGradFormula {
    private LinearGradFormula() {}

    /** {@code dx = dy W + scale (dy B) A}: a product with transposed matrices. */
    static Formula x(TrainingOp.LinearGrad op, Values of) {
        Op.Linear forward = op.forward();
        int in = forward.weight().dim(1);
        int out = forward.weight().dim(0);
        LinearFormula.Factors lora = LinearFormula.factors(op.lora(), of);
        LinearFormula dx =
                LinearFormula.product(
                        out, in, of.of(op.dy()), transposed(of.of(forward.weight()), out, in));
        return lora == null
                ? dx
                : dx.with(
                        new LinearFormula.Factors(
                                lora.rank(),
                                transposed(lora.b(), out, lora.rank()),
                                transposed(lora.a(), lora.rank(), in),
                                lora.scale(),
                                lora.scales()));
    }

    /** {@code da = scale (dy B diag(scales))^T x}. */
    static Formula a(TrainingOp.LinearGrad op, Values of) {
        int in = op.forward().weight().dim(1);
        int out = op.forward().weight().dim(0);
        int tokens = rows(op.dy());
        LinearFormula.Factors lora = LinearFormula.factors(op.lora(), of);
        Elements x = of.of(op.forward().x());
        Elements dy = of.of(op.dy());
        Elements b = transposed(lora.b(), out, lora.rank());
        return m -> {
            Shared<double[]> low = low(m, dy, tokens, out, b, lora);
            Shared<double[]> columns = new Shared<>(n -> x.slice(n, in, tokens));
            return i -> m.of(lora.scale() * m.dot(0, low.at(i / in), columns.at(i % in)));
        };
    }

    /** {@code db = scale dy^T (x A^T diag(scales))}. */
    static Formula b(TrainingOp.LinearGrad op, Values of) {
        int in = op.forward().weight().dim(1);
        int out = op.forward().weight().dim(0);
        int tokens = rows(op.dy());
        LinearFormula.Factors lora = LinearFormula.factors(op.lora(), of);
        Elements x = of.of(op.forward().x());
        Elements dy = of.of(op.dy());
        int rank = lora.rank();
        return m -> {
            Shared<double[]> low = low(m, x, tokens, in, lora.a(), lora);
            Shared<double[]> columns = new Shared<>(n -> dy.slice(n, out, tokens));
            return i -> m.of(lora.scale() * m.dot(0, columns.at(i / rank), low.at(i % rank)));
        };
    }

    /**
     * The rows times one rank of a factor [rank, width], token by token. The factor is rounded to
     * the compute type first, since a product takes both of its sides in one type.
     */
    private static Shared<double[]> low(
            Arithmetic m,
            Elements rows,
            int tokens,
            int width,
            Elements factor,
            LinearFormula.Factors lora) {
        Elements stored = i -> m.store(factor.at(i));
        return new Shared<>(
                rank -> {
                    double[] of = stored.slice(rank * width, 1, width);
                    double[] low = new double[tokens];
                    for (int t = 0; t < tokens; t++) {
                        double own = m.dot(0, rows.slice((long) t * width, 1, width), of);
                        Elements scales = lora.scales();
                        low[t] = m.store(scales == null ? own : m.of(scales.at(rank) * own));
                    }
                    return low;
                });
    }

    private static int rows(Tensor dy) {
        return Math.toIntExact(dy.numel() / dy.dim(dy.shape().rank() - 1));
    }

    /** The columns of a matrix as rows. */
    private static Elements transposed(Elements matrix, int rows, int columns) {
        return i -> matrix.at(i % rows * columns + i / rows);
    }
}
