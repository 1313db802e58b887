package glance.formula;

import glance.op.Op;
import java.util.ArrayList;
import java.util.List;

/** Norms over the last dimension, and what follows them in the same operation. */
final class NormFormula {
    private NormFormula() {}

    /** {@code act(x / sqrt(mean(x^2) + eps) * weight)}. */
    static Formula rms(Op.RmsNorm op, Values of) {
        int dim = op.x().dim(-1);
        Elements x = of.of(op.x());
        Elements weight = of.optional(op.weight());
        return m -> {
            Shared<double[]> rows =
                    new Shared<>(row -> rms(m, x.slice(row * dim, 1, dim), weight, op.eps()));
            return i -> Activations64.apply(m, op.activation(), rows.at(i / dim)[(int) (i % dim)]);
        };
    }

    /** {@code (x - mean) / sqrt(var + eps) [* weight + bias] [* (1 + scale) + shift]}. */
    static Formula layer(Op.LayerNorm op, Values of) {
        int dim = op.x().dim(-1);
        Elements x = of.of(op.x());
        Elements weight = of.optional(op.weight());
        Elements bias = of.optional(op.bias());
        Elements scale = of.optional(op.scale());
        Elements shift = of.optional(op.shift());
        boolean shared = scale == null || op.scale().dim(0) == 1;
        long perSample = shared ? Long.MAX_VALUE : (long) op.x().dim(1) * dim;
        return m -> {
            Shared<double[]> rows =
                    new Shared<>(
                            row -> standardised(m, x.slice(row * dim, 1, dim), op.eps()).values);
            return i -> {
                int column = (int) (i % dim);
                double y = rows.at(i / dim)[column];
                y = weight == null ? y : m.of(y * weight.at(column));
                y = bias == null ? y : m.of(y + bias.at(column));
                long at = i / perSample * dim + column;
                return scale == null ? y : m.mulAdd(shift.at(at), y, m.of(1 + scale.at(at)));
            };
        };
    }

    /** RMSNorm over each head, then rotary positions, of streams joined along the sequence. */
    static Formula headNormRope(Op.HeadNormRope op, Values of) {
        int numHeads = op.streams().get(0).dim(2);
        int headDim = op.streams().get(0).dim(3);
        long total = op.streams().stream().mapToLong(stream -> stream.dim(1)).sum();
        List<Elements> streams = op.streams().stream().map(of::of).toList();
        List<Elements> weights = new ArrayList<>();
        op.weights().forEach(weight -> weights.add(of.optional(weight)));
        Turn turn = op.rope() == null ? null : Turn.of(op.rope(), of);
        return m -> {
            Shared<double[]> heads =
                    new Shared<>(
                            head -> {
                                long position = head / numHeads % total;
                                int s = 0;
                                long token = position;
                                while (token >= op.streams().get(s).dim(1)) {
                                    token -= op.streams().get(s++).dim(1);
                                }
                                long sample = head / numHeads / total;
                                long before = sample * op.streams().get(s).dim(1);
                                long row = (before + token) * numHeads + head % numHeads;
                                double[] x = streams.get(s).slice(row * headDim, 1, headDim);
                                Elements weight = weights.get(s);
                                double[] y = weight == null ? x : rms(m, x, weight, op.eps());
                                return turn == null ? y : turn.forth(m, y, sample, position);
                            });
            return i -> heads.at(i / headDim)[(int) (i % headDim)];
        };
    }

    private static double[] rms(Arithmetic m, double[] x, Elements weight, double eps) {
        double rms = m.of(Math.sqrt(m.of(m.of(m.dot(0, x, x) / x.length) + eps)));
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = m.of(x[i] / rms);
            y[i] = weight == null ? y[i] : m.of(y[i] * weight.at(i));
        }
        return y;
    }

    record Standardised(double[] values, double deviation) {}

    static Standardised standardised(Arithmetic m, double[] x, double eps) {
        double sum = 0;
        for (double value : x) {
            sum = m.of(sum + value);
        }
        double mean = m.of(sum / x.length);
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = m.of(x[i] - mean);
        }
        double deviation = m.of(Math.sqrt(m.of(m.of(m.dot(0, y, y) / x.length) + eps)));
        for (int i = 0; i < x.length; i++) {
            y[i] = m.of(y[i] / deviation);
        }
        return new Standardised(y, deviation);
    }
}
