package glance.formula;

import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;
import java.util.List;

/** Norms over the last dimension, and what follows them in the same operation. */
public final class NormFormula {
    private NormFormula() {}

    /** {@code act(x / sqrt(mean(x^2) + eps) * weight)}. */
    public static Formula rms(Op.RmsNorm op, Values of) {
        int dim = lastDim(op.x());
        Elements x = of.of(op.x());
        Elements weight = of.optional(op.weight());
        return m -> {
            Shared<double[]> rows =
                    new Shared<>(row -> rms(m, x.slice(row * dim, 1, dim), weight, op.eps()));
            return i -> Activations64.apply(m, op.activation(), rows.at(i / dim)[(int) (i % dim)]);
        };
    }

    /** {@code (x - mean) / sqrt(var + eps) [* weight + bias] [* (1 + scale) + shift]}. */
    public static Formula layer(Op.LayerNorm op, Values of) {
        int dim = lastDim(op.x());
        Elements x = of.of(op.x());
        Elements weight = of.optional(op.weight());
        Elements bias = of.optional(op.bias());
        Elements scale = of.optional(op.scale());
        Elements shift = of.optional(op.shift());
        boolean shared = scale == null || op.scale().dim(0) == 1;
        long perSample = shared ? Long.MAX_VALUE : (long) op.x().dim(1) * dim;
        return m -> {
            Shared<double[]> rows =
                    new Shared<>(row -> standardised(m, x.slice(row * dim, 1, dim), op.eps()));
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
    public static Formula headNormRope(Op.HeadNormRope op, Values of) {
        int numHeads = op.streams().get(0).dim(2);
        int headDim = op.streams().get(0).dim(3);
        long total = op.streams().stream().mapToLong(stream -> stream.dim(1)).sum();
        return m -> {
            Shared<double[]> heads =
                    new Shared<>(
                            head -> {
                                long position = head / numHeads % total;
                                double[] x = normed(m, op, of, head, total);
                                return op.rope() == null
                                        ? x
                                        : rotated(m, x, op.rope(), of, position);
                            });
            return i -> heads.at(i / headDim)[(int) (i % headDim)];
        };
    }

    /** A head of the joined streams, [batch, total, numHeads]. */
    private static double[] normed(
            Arithmetic m, Op.HeadNormRope op, Values of, long head, long total) {
        List<Tensor> streams = op.streams();
        int numHeads = streams.get(0).dim(2);
        int headDim = streams.get(0).dim(3);
        long token = head / numHeads % total;
        int s = 0;
        while (token >= streams.get(s).dim(1)) {
            token -= streams.get(s++).dim(1);
        }
        long sample = head / numHeads / total;
        long row = (sample * streams.get(s).dim(1) + token) * numHeads + head % numHeads;
        double[] x = of.of(streams.get(s)).slice(row * headDim, 1, headDim);
        Tensor weight = op.weights().get(s);
        return weight == null ? x : rms(m, x, of.of(weight), op.eps());
    }

    private static double[] rotated(Arithmetic m, double[] x, Rope rope, Values of, long position) {
        int half = x.length / 2;
        boolean halves = rope.pairing() == Rope.Pairing.HALVES;
        double[] y = new double[x.length];
        for (int j = 0; j < half; j++) {
            int first = halves ? j : 2 * j;
            int second = halves ? j + half : 2 * j + 1;
            double c = of.of(rope.cos()).at(position * half + j);
            double s = of.of(rope.sin()).at(position * half + j);
            y[first] = m.of(m.of(x[first] * c) - m.of(x[second] * s));
            y[second] = m.of(m.of(x[first] * s) + m.of(x[second] * c));
        }
        return y;
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

    private static double[] standardised(Arithmetic m, double[] x, double eps) {
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
        return y;
    }

    private static int lastDim(Tensor x) {
        return x.dim(x.shape().rank() - 1);
    }
}
