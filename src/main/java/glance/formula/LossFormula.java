package glance.formula;

import glance.op.TrainingOp;
import java.util.List;

/** The loss, its gradient, and the length of all gradients together. */
final class LossFormula {
    private LossFormula() {}

    /** {@code mean((prediction - target)^2)}. */
    static Formula meanSquare(TrainingOp.MseLoss op, Values of) {
        long count = op.prediction().numel();
        Elements prediction = of.of(op.prediction());
        Elements target = of.of(op.target());
        return m ->
                one -> {
                    double sum = 0;
                    for (long i = 0; i < count; i++) {
                        double difference = m.of(prediction.at(i) - target.at(i));
                        sum = m.mulAdd(sum, difference, difference);
                    }
                    return m.of(sum / count);
                };
    }

    /** {@code 2 (prediction - target) / n}. */
    static Formula gradient(TrainingOp.MseLoss op, Values of) {
        long count = op.prediction().numel();
        Elements prediction = of.of(op.prediction());
        Elements target = of.of(op.target());
        return m -> i -> m.of(m.of(2 * m.of(prediction.at(i) - target.at(i))) / count);
    }

    /** {@code sqrt(sum of all squares)}. */
    static Formula globalNorm(TrainingOp.GlobalNorm op, Values of) {
        List<Elements> tensors = op.tensors().stream().map(of::of).toList();
        return m ->
                one -> {
                    double sum = 0;
                    for (int t = 0; t < tensors.size(); t++) {
                        Elements x = tensors.get(t);
                        for (long i = 0; i < op.tensors().get(t).numel(); i++) {
                            sum = m.mulAdd(sum, x.at(i), x.at(i));
                        }
                    }
                    return m.of(Math.sqrt(sum));
                };
    }
}
