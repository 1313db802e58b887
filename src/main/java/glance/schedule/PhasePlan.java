package glance.schedule;

import glance.api.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a run does, step by step; the sampler executes it as it is. A phase is only a name here, by
 * which steps can be addressed ({@link StepNumbers}).
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

    /**
     * The plan for one model and image size.
     *
     * @param imageSeqLen number of image tokens
     * @throws IllegalArgumentException if two noise levels in a row are equal
     */
    public static PhasePlan of(Plan plan, NoiseSchedule schedule, int imageSeqLen) {
        float[] sigmas = sigmas(plan.levels(), schedule, imageSeqLen);
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < plan.levels().count(); i++) {
            steps.add(new Step(i + 1, sigmas[i], sigmas[i + 1], phaseOf(plan, i + 1)));
        }
        return new PhasePlan(plan.name(), steps);
    }

    private static float[] sigmas(Plan.Levels levels, NoiseSchedule schedule, int imageSeqLen) {
        float[] sigmas = new float[levels.count() + 1];
        if (levels instanceof Plan.GridSteps grid) {
            float[] all = schedule.sigmas(grid.of(), imageSeqLen);
            for (int i = 0; i < grid.count(); i++) {
                sigmas[i] = all[grid.keep().get(i) - 1];
            }
        } else if (levels instanceof Plan.FixedSigmas fixed) {
            for (int i = 0; i < fixed.count(); i++) {
                sigmas[i] = fixed.values().get(i);
            }
        }
        return sigmas;
    }

    private static String phaseOf(Plan plan, int step) {
        return plan.phases().stream()
                .filter(phase -> phase.first() <= step && step <= phase.last())
                .map(Plan.Phase::name)
                .findFirst()
                .orElse(null);
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
