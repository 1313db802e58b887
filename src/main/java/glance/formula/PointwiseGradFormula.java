package glance.formula;

import glance.op.TrainingOp;
import glance.tensor.Tensor;

/** Gradients of passes over elements, and sums of gradients. */
final class PointwiseGradFormula {
    private PointwiseGradFormula() {}

    /** {@code act'(x) dy}. */
    static Formula activation(TrainingOp.ActivationGrad op, Values of) {
        Elements x = of.of(op.x());
        Elements dy = of.of(op.dy());
        return m -> i -> m.of(Activations64.slope(m, op.activation(), x.at(i)) * dy.at(i));
    }

    /** {@code gate dy}. */
    static Formula gated(TrainingOp.GateGrad op, Values of) {
        Tensor vectors = op.forward().gate();
        int dim = vectors.dim(1);
        long perGate = vectors.dim(0) == 1 ? Long.MAX_VALUE : (long) op.dy().dim(1) * dim;
        Elements gate = of.of(vectors);
        Elements dy = of.of(op.dy());
        return m -> i -> m.of(gate.at(i / perGate * dim + i % dim) * dy.at(i));
    }

    /** The sum over tokens of {@code y dy}. */
    static Formula gate(TrainingOp.GateGrad op, Values of) {
        Elements y = of.of(op.forward().y());
        Elements dy = of.of(op.dy());
        return sumOverTokens(op.dy(), op.dGate(), m -> i -> m.of(y.at(i) * dy.at(i)));
    }

    /** Of terms [batch, seqLen, dim], for each sample or for all together. */
    static Formula sumOverTokens(Tensor terms, Tensor sums, Formula term) {
        int dim = terms.dim(2);
        long tokens = terms.numel() / Math.max(1, dim) / sums.dim(0);
        return m -> {
            Elements each = term.in(m);
            return i -> {
                long start = i / dim * tokens * dim + i % dim;
                double sum = 0;
                for (long t = 0; t < tokens; t++) {
                    sum = m.of(sum + each.at(start + t * dim));
                }
                return sum;
            };
        };
    }

    /** The sum over all rows. */
    static Formula sumRows(TrainingOp.SumRows op, Values of) {
        int columns = op.x().dim(1);
        int rows = op.x().dim(0);
        Elements x = of.of(op.x());
        return m ->
                i -> {
                    double sum = 0;
                    for (long row = 0; row < rows; row++) {
                        sum = m.of(sum + x.at(row * columns + i));
                    }
                    return sum;
                };
    }

    /** {@code out + x}. */
    static Formula accumulate(TrainingOp.Accumulate op, Values of) {
        Elements before = of.of(op.out());
        Elements x = of.of(op.x());
        return m -> i -> m.of(before.at(i) + x.at(i));
    }
}
