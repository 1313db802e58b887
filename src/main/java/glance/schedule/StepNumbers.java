package glance.schedule;

import glance.api.RequestException;
import glance.api.Steps;
import java.util.SortedSet;
import java.util.TreeSet;

/** The steps of a plan that a person means. */
public final class StepNumbers {
    private StepNumbers() {}

    /**
     * Their numbers, rising. None if shares of the run or noise levels have no step of this plan.
     *
     * @throws RequestException if a step is not in the plan, or the plan has no such phase
     */
    public static SortedSet<Integer> of(Steps steps, PhasePlan plan) {
        SortedSet<Integer> numbers = new TreeSet<>();
        for (Steps.Part part : steps.parts()) {
            check(part, steps, plan);
            plan.steps().stream()
                    .filter(step -> has(part, step, plan.steps().size()))
                    .forEach(step -> numbers.add(step.number()));
        }
        return numbers;
    }

    private static boolean has(Steps.Part part, Step step, int count) {
        if (part instanceof Steps.Range range) {
            return range.first() <= step.number() && step.number() <= range.last();
        }
        if (part instanceof Steps.Phase phase) {
            return phase.name().equals(step.phase());
        }
        if (part instanceof Steps.Share share) {
            return share.has(step.number(), count);
        }
        return ((Steps.Sigma) part).has(step.sigma());
    }

    private static void check(Steps.Part part, Steps steps, PhasePlan plan) {
        int count = plan.steps().size();
        if (part instanceof Steps.Range range && (range.first() < 1 || range.last() > count)) {
            throw refuse(
                    steps,
                    "step "
                            + (range.first() < 1 ? range.first() : range.last())
                            + " is not in plan "
                            + plan.name()
                            + ", which has steps 1 to "
                            + count);
        }
        if (part instanceof Steps.Phase phase && !plan.phases().contains(phase.name())) {
            throw refuse(
                    steps,
                    "'"
                            + phase.name()
                            + "' is neither a step, a range such as 1-5, nor a phase; plan "
                            + plan.name()
                            + " "
                            + (plan.phases().isEmpty()
                                    ? "has no phases"
                                    : "has the phases " + String.join(", ", plan.phases())));
        }
    }

    private static RequestException refuse(Steps steps, String reason) {
        return new RequestException("steps '" + steps + "': " + reason);
    }
}
