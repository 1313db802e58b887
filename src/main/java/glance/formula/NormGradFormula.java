package glance.formula;

import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.LongFunction;

/** Gradients of norms over the last dimension. */
final class NormGradFormula {
    private NormGradFormula() {}

    /** {@link #rms(Arithmetic, double[], Elements, double[], double)} of each row. */
    static Formula rms(TrainingOp.RmsNormGrad op, Values of) {
        int dim = op.dy().dim(-1);
        Elements x = of.of(op.forward().x());
        Elements weight = of.optional(op.forward().weight());
        Elements dy = of.of(op.dy());
        return m ->
                rows(
                        dim,
                        row ->
                                rms(
                                        m,
                                        x.slice(row * dim, 1, dim),
                                        weight,
                                        dy.slice(row * dim, 1, dim),
                                        op.forward().eps()));
    }

    private static Elements rows(int dim, LongFunction<double[]> row) {
        Shared<double[]> rows = new Shared<>(row);
        return i -> rows.at(i / dim)[(int) (i % dim)];
    }

    /** {@code r (w dy - x r^2 mean(x w dy))} with {@code r = 1 / sqrt(mean(x^2) + eps)}. */
    private static double[] rms(
            Arithmetic m, double[] x, Elements weight, double[] dy, double eps) {
        double[] dx = new double[x.length];
        for (int d = 0; d < x.length; d++) {
            dx[d] = weight == null ? dy[d] : m.of(weight.at(d) * dy[d]);
        }
        double dot = m.dot(0, x, dx);
        double r = m.of(1 / m.of(Math.sqrt(m.of(m.of(m.dot(0, x, x) / x.length) + eps))));
        double shrink = m.of(m.of(m.of(dot / x.length) * r) * r);
        for (int d = 0; d < x.length; d++) {
            dx[d] = m.of(r * m.of(dx[d] - m.of(x[d] * shrink)));
        }
        return dx;
    }

    /** Of stream {@code s}: turned back, then through the norm. */
    static Formula headNormRope(TrainingOp.HeadNormRopeGrad op, int s, Values of) {
        Op.HeadNormRope forward = op.forward();
        Tensor stream = forward.streams().get(s);
        int seqLen = stream.dim(1);
        int numHeads = stream.dim(2);
        int headDim = stream.dim(3);
        List<Tensor> before = forward.streams().subList(0, s);
        int start = before.stream().mapToInt(other -> other.dim(1)).sum();
        int total = op.dy().dim(1);
        Elements x = of.of(stream);
        Elements dy = of.of(op.dy());
        Elements weight = of.optional(forward.weights().get(s));
        Turn turn = forward.rope() == null ? null : Turn.of(forward.rope(), of);
        return m ->
                rows(
                        headDim,
                        row -> {
                            long position = start + row / numHeads % seqLen;
                            long sample = row / numHeads / seqLen;
                            long token = sample * total + position;
                            long head = token * numHeads + row % numHeads;
                            double[] g = dy.slice(head * headDim, 1, headDim);
                            g = turn == null ? g : turn.back(m, g, sample, position);
                            return weight == null
                                    ? g
                                    : rms(
                                            m,
                                            x.slice(row * headDim, 1, headDim),
                                            weight,
                                            g,
                                            forward.eps());
                        });
    }

    /** {@code (g - mean(g) - n mean(g n)) / std} with {@code g = dy [weight] [(1 + scale)]}. */
    static Formula layer(TrainingOp.LayerNormGrad op, Values of) {
        Op.LayerNorm forward = op.forward();
        int dim = op.dy().dim(-1);
        Elements x = of.of(forward.x());
        Elements weight = of.optional(forward.weight());
        Elements scale = of.optional(forward.scale());
        boolean shared = scale == null || forward.scale().dim(0) == 1;
        long perSample = shared ? Long.MAX_VALUE : op.dy().dim(1);
        Elements dy = of.of(op.dy());
        return m ->
                rows(
                        dim,
                        row -> {
                            double[] g = dy.slice(row * dim, 1, dim);
                            for (int d = 0; d < dim; d++) {
                                g[d] = weight == null ? g[d] : m.of(g[d] * weight.at(d));
                                long at = row / perSample * dim + d;
                                g[d] = scale == null ? g[d] : m.of(g[d] * m.of(1 + scale.at(at)));
                            }
                            return layer(m, normed(m, x, row, dim, forward), g);
                        });
    }

    private static double[] layer(Arithmetic m, NormFormula.Standardised normed, double[] g) {
        int dim = g.length;
        double sum = 0;
        for (double each : g) {
            sum = m.of(sum + each);
        }
        double mean = m.of(sum / dim);
        double along = m.of(m.dot(0, g, normed.values()) / dim);
        double[] dx = new double[dim];
        for (int d = 0; d < dim; d++) {
            double across = m.of(m.of(g[d] - mean) - m.of(normed.values()[d] * along));
            dx[d] = m.of(across / normed.deviation());
        }
        return dx;
    }

    private static NormFormula.Standardised normed(
            Arithmetic m, Elements x, long row, int dim, Op.LayerNorm forward) {
        return NormFormula.standardised(m, x.slice(row * dim, 1, dim), forward.eps());
    }

    /** The sum over tokens of {@code dy n}. */
    static Formula layerScale(TrainingOp.LayerNormGrad op, Values of) {
        int dim = op.dy().dim(-1);
        Elements x = of.of(op.forward().x());
        Elements dy = of.of(op.dy());
        return PointwiseGradFormula.sumOverTokens(
                op.dy(),
                op.dScale(),
                m -> {
                    Elements n = rows(dim, row -> normed(m, x, row, dim, op.forward()).values());
                    return i -> m.of(dy.at(i) * n.at(i));
                });
    }

    /** The sum over tokens of {@code dy}. */
    static Formula layerShift(TrainingOp.LayerNormGrad op, Values of) {
        Elements dy = of.of(op.dy());
        return PointwiseGradFormula.sumOverTokens(op.dy(), op.dShift(), m -> dy);
    }
}
