package glance.formula;

import glance.api.AdamWSettings;
import glance.op.TrainingOp;

/**
 * One step of AdamW for one of the parameters, in the arithmetic of torch.optim.AdamW, its
 * single-tensor form. Loshchilov and Hutter, arXiv 1711.05101.
 */
record AdamWFormula(
        AdamWSettings settings,
        float clip,
        double learningRate,
        int step,
        Elements before,
        Elements gradient,
        Elements firstBefore,
        Elements secondBefore) {
    /** Of parameter {@code i} of the operation. */
    static AdamWFormula of(TrainingOp.AdamW op, int i, Values of) {
        return new AdamWFormula(
                op.settings(),
                op.clip(),
                op.learningRate(),
                op.step(),
                of.of(op.parameters().get(i)),
                of.of(op.gradients().get(i)),
                of.of(op.firstMoments().get(i)),
                of.of(op.secondMoments().get(i)));
    }

    /** The parameter after the step. */
    Formula parameter() {
        double stepSize = learningRate / (1 - Math.pow(settings.beta1(), step));
        double correction = Math.sqrt(1 - Math.pow(settings.beta2(), step));
        double decay = 1 - learningRate * settings.weightDecay();
        return m -> {
            Elements first = first().in(m);
            Elements second = second().in(m);
            return i -> {
                double root = m.of(m.of(Math.sqrt(second.at(i))) / correction);
                double change = m.of(m.of(stepSize * first.at(i)) / m.of(root + settings.eps()));
                return m.of(m.of(before.at(i) * m.of(decay)) - change);
            };
        };
    }

    /** The first moment after the step. */
    Formula first() {
        double rest = 1 - settings.beta1();
        return m ->
                i -> {
                    double old = firstBefore.at(i);
                    double g = m.of(gradient.at(i) * clip);
                    return m.mulAdd(old, m.of(g - old), m.of(rest));
                };
    }

    /** The second moment after the step. */
    Formula second() {
        double rest = 1 - settings.beta2();
        return m ->
                i -> {
                    double g = m.of(gradient.at(i) * clip);
                    double kept = m.of(secondBefore.at(i) * settings.beta2());
                    return m.of(kept + m.of(m.of(g * g) * m.of(rest)));
                };
    }
}
