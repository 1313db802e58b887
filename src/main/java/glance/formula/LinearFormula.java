package glance.formula;

import glance.op.Activation;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code residual + gate * act(x W^T + bias + scale (x A^T) diag(scales) B^T)} for rows of x; what
 * is absent is null.
 *
 * @param loras the adapters of the rows, or none
 * @param loraRows rows that have the same adapter
 * @param gateRows rows that have the same gate
 */
record LinearFormula(
        int in,
        int out,
        Elements x,
        Elements weight,
        Elements bias,
        List<Factors> loras,
        long loraRows,
        Activation activation,
        Elements gate,
        long gateRows,
        Elements residual)
        implements Formula {
    /**
     * An adapter, null where rows have none.
     *
     * @param a [rank, in]
     * @param b [out, rank]
     * @param scales [rank], or null for ones
     */
    record Factors(int rank, Elements a, Elements b, double scale, Elements scales) {}

    /** {@code x W^T}; x [rows, in], W [out, in]. */
    static LinearFormula product(int in, int out, Elements x, Elements weight) {
        return new LinearFormula(
                in,
                out,
                x,
                weight,
                null,
                List.of(),
                Long.MAX_VALUE,
                Activation.NONE,
                null,
                Long.MAX_VALUE,
                null);
    }

    /** The same with an adapter. */
    LinearFormula with(Factors factors) {
        return new LinearFormula(
                in,
                out,
                x,
                weight,
                bias,
                List.of(factors),
                Long.MAX_VALUE,
                activation,
                gate,
                gateRows,
                residual);
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
                op.loras().stream().map(lora -> factors(lora, of)).toList(),
                (long) op.x().dim(0) * op.x().dim(1) / Math.max(1, op.loras().size()),
                op.epilogue().activation(),
                of.optional(gate),
                own ? op.x().dim(1) : Long.MAX_VALUE,
                of.optional(op.epilogue().residual()));
    }

    static Factors factors(LowRank lora, Values of) {
        return lora == null
                ? null
                : new Factors(
                        lora.rank(),
                        of.of(lora.a()),
                        of.of(lora.b()),
                        lora.scale(),
                        of.optional(lora.scales()));
    }

    @Override
    public Elements in(Arithmetic m) {
        Shared<double[]> rows = new Shared<>(row -> x.slice(row * in, 1, in));
        Shared<double[]> columns = new Shared<>(n -> weight.slice(n * in, 1, in));
        Map<Factors, Shared<double[]>> downs = new IdentityHashMap<>();
        loras.forEach(lora -> downs.put(lora, new Shared<>(r -> lora.a.slice(r * in, 1, in))));
        Shared<double[]> low =
                new Shared<>(row -> low(m, lora(row), rows.at(row), downs.get(lora(row))));
        return index -> {
            long row = index / out;
            long column = index % out;
            double start = bias == null ? 0 : bias.at(column);
            double y = m.dot(start, rows.at(row), columns.at(column));
            Factors lora = lora(row);
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

    private Factors lora(long row) {
        return loras.isEmpty() ? null : loras.get((int) (row / loraRows));
    }

    private static double[] low(Arithmetic m, Factors lora, double[] row, Shared<double[]> down) {
        double[] low = new double[lora.rank];
        for (int r = 0; r < low.length; r++) {
            double own = m.dot(0, row, down.at(r));
            low[r] = m.store(lora.scales == null ? own : m.of(lora.scales.at(r) * own));
        }
        return low;
    }
}
