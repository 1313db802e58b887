package glance.formula;

import glance.op.Activation;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * {@code residual + gate * act(x W^T + bias + scale (x A^T) diag(scales) B^T)} for rows of x; what
 * is absent is null.
 *
 * @param gateRows rows that have the same gate
 */
record LinearFormula(
        int in,
        int out,
        Elements x,
        Elements weight,
        Elements bias,
        Factors lora,
        Activation activation,
        Elements gate,
        long gateRows,
        Elements residual)
        implements Formula {
    /**
     * An adapter.
     *
     * @param a [rank, in]
     * @param b [out, rank]
     * @param scales [rank], or null for ones
     */
    record Factors(int rank, Elements a, Elements b, double scale, Elements scales) {}

    /** {@code x W^T}; x [rows, in], W [out, in]. */
    static LinearFormula product(int in, int out, Elements x, Elements weight) {
        return new LinearFormula(
                in, out, x, weight, null, null, Activation.NONE, null, Long.MAX_VALUE, null);
    }

    /** The same with an adapter. */
    LinearFormula with(Factors factors) {
        return new LinearFormula(
                in, out, x, weight, bias, factors, activation, gate, gateRows, residual);
    }

    /** What the operation writes. */
    static LinearFormula of(Op.Linear op, Values of) {
        Tensor gate = op.epilogue().gate();
        boolean own = gate != null && gate.dim(0) > 1;
        return new LinearFormula(
                op.weight().dim(1),
                op.weight().dim(0),
                of.of(op.x()),
                of.of(op.weight()),
                of.optional(op.bias()),
                factors(op, of),
                op.epilogue().activation(),
                of.optional(gate),
                own ? op.x().dim(1) : Long.MAX_VALUE,
                of.optional(op.epilogue().residual()));
    }

    static Factors factors(Op.Linear op, Values of) {
        return op.lora() == null
                ? null
                : new Factors(
                        op.lora().rank(),
                        of.of(op.lora().a()),
                        of.of(op.lora().b()),
                        op.lora().scale(),
                        of.optional(op.lora().scales()));
    }

    @Override
    public Elements in(Arithmetic m) {
        Shared<double[]> rows = new Shared<>(row -> x.slice(row * in, 1, in));
        Shared<double[]> columns = new Shared<>(n -> weight.slice(n * in, 1, in));
        Shared<double[]> down =
                lora == null ? null : new Shared<>(r -> lora.a.slice(r * in, 1, in));
        Shared<double[]> low = new Shared<>(row -> low(m, rows.at(row), down));
        return index -> {
            long row = index / out;
            long column = index % out;
            double start = bias == null ? 0 : bias.at(column);
            double y = m.dot(start, rows.at(row), columns.at(column));
            if (lora != null) {
                double[] up = lora.b.slice(column * lora.rank, 1, lora.rank);
                y = m.mulAdd(y, lora.scale, m.dot(0, low.at(row), up));
            }
            y = Activations64.apply(m, activation, y);
            if (gate != null) {
                y = m.of(y * gate.at(row / gateRows * out + column));
            }
            return residual == null ? y : m.of(residual.at(index) + y);
        };
    }

    private double[] low(Arithmetic m, double[] row, Shared<double[]> down) {
        double[] low = new double[lora.rank];
        for (int r = 0; r < low.length; r++) {
            double own = m.dot(0, row, down.at(r));
            low[r] = m.store(lora.scales == null ? own : m.of(lora.scales.at(r) * own));
        }
        return low;
    }
}
