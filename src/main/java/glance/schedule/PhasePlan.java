package glance.schedule;

import java.util.List;
import java.util.Objects;

/**
 * What a run does, step by step; the sampler executes it as it is. A phase is only a name here, by
 * which steps can be addressed ({@link StepRange}).
 *
 * @param name for messages and records
 * @param steps in order, the last one ending at noise level 0
 */
public record PhasePlan(String name, List<Step> steps) {

    /**
     * @throws IllegalArgumentException if there is no step, steps are not numbered from 1, the
     *     noise levels do not fall from at most 1 to 0, or a step does not start where the one
     *     before it ended
     */
    public PhasePlan {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("plan " + name + ": has no steps");
        }
        float previous = steps.get(0).sigma();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            boolean falls = step.sigma() > step.nextSigma() && step.sigma() <= 1;
            if (step.number() != i + 1 || step.sigma() != previous || !falls) {
                throw new IllegalArgumentException(
                        "plan "
                                + name
                                + ": step "
                                + (i + 1)
                                + " must have that number and go down from "
                                + previous
                                + ", got "
                                + step);
            }
            previous = step.nextSigma();
        }
        if (previous != 0) {
            throw new IllegalArgumentException(
                    "plan " + name + ": the last step must end at noise level 0, got " + previous);
        }
    }

    /** The noise level of each step, and the final 0. */
    public float[] sigmas() {
        float[] sigmas = new float[steps.size() + 1];
        for (Step step : steps) {
            sigmas[step.number() - 1] = step.sigma();
        }
        return sigmas;
    }

    /** The names of the phases, in the order of their first steps. */
    public List<String> phases() {
        return steps.stream().map(Step::phase).filter(Objects::nonNull).distinct().toList();
    }
}
