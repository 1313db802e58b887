package glance.pipeline;

import glance.lora.StepExperts;
import glance.schedule.PhasePlan;
import glance.schedule.Step;
import java.util.List;
import java.util.function.Function;

/**
 * One step as the sampler executes it.
 *
 * @param sigma noise level at the start, for the conditioning and the step size alike
 * @param nextSigma noise level at the end
 * @param phase name of the phase, or null
 * @param experts its experts; steps that share an instance share everything that is computed under
 *     them
 */
record DenoisingStep(float sigma, float nextSigma, String phase, StepExperts experts) {
    /**
     * The steps of a plan.
     *
     * @param experts of each step of it
     */
    static List<DenoisingStep> of(PhasePlan plan, Function<Step, StepExperts> experts) {
        return plan.steps().stream()
                .map(s -> new DenoisingStep(s.sigma(), s.nextSigma(), s.phase(), experts.apply(s)))
                .toList();
    }
}
