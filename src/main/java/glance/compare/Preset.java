package glance.compare;

import glance.lora.LoraSpec;
import glance.schedule.PlanSpec;
import glance.schedule.Plans;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The questions about Slow and Fast experts (Dong et al., arXiv 2512.02899), with the controls that
 * the paper lacks. On the steps of a plan with a slow and a fast phase:
 *
 * <pre>
 * controls    base-uniform-N      the model alone, on as many evenly spaced steps
 *             base                the model alone, on the plan's own steps
 *             slow-only           Slow in its phase, nothing in the other
 *             fast-only           Fast in its phase, nothing in the other
 *             slow+fast           each in its phase, as meant
 *             swapped             each in the other's phase
 *             slow-everywhere     one adapter for all steps
 *             fast-everywhere     the same with the other
 * sweep       switch-K            Slow in the first K steps, then Fast; K from 0 to all
 * </pre>
 */
public enum Preset {
    CONTROLS(Preset::controls),
    SWEEP(Preset::sweep);

    private final BiFunction<PlanSpec, Experts, List<Contender>> make;

    Preset(BiFunction<PlanSpec, Experts, List<Contender>> make) {
        this.make = make;
    }

    /**
     * The pair of adapters that the questions are about.
     *
     * @param slow for high noise
     * @param fast for low noise
     */
    public record Experts(LoraSpec slow, LoraSpec fast) {}

    /**
     * The contenders of this preset.
     *
     * @param plan with the phases slow and fast
     * @throws IllegalArgumentException if it has not
     */
    public List<Contender> contenders(PlanSpec plan, Experts experts) {
        for (String phase : List.of(Plans.SLOW, Plans.FAST)) {
            if (plan.phases().stream().noneMatch(p -> p.name().equals(phase))) {
                throw new IllegalArgumentException(
                        "plan " + plan.name() + ": has no phase " + phase + "; use glance");
            }
        }
        return make.apply(plan, experts);
    }

    private static List<Contender> controls(PlanSpec plan, Experts experts) {
        LoraSpec slow = experts.slow();
        LoraSpec fast = experts.fast();
        PlanSpec uniform = Plans.uniform(plan.levels().count());
        String all = "1-" + plan.levels().count();
        return List.of(
                new Contender("base-" + uniform.name(), uniform, List.of()),
                new Contender("base", plan, List.of()),
                new Contender("slow-only", plan, List.of(slow.at(Plans.SLOW))),
                new Contender("fast-only", plan, List.of(fast.at(Plans.FAST))),
                new Contender("slow+fast", plan, List.of(slow.at(Plans.SLOW), fast.at(Plans.FAST))),
                new Contender("swapped", plan, List.of(slow.at(Plans.FAST), fast.at(Plans.SLOW))),
                new Contender("slow-everywhere", plan, List.of(slow.at(all))),
                new Contender("fast-everywhere", plan, List.of(fast.at(all))));
    }

    private static List<Contender> sweep(PlanSpec plan, Experts experts) {
        int steps = plan.levels().count();
        List<Contender> contenders = new ArrayList<>();
        for (int k = 0; k <= steps; k++) {
            List<LoraSpec> adapters = new ArrayList<>();
            if (k > 0) {
                adapters.add(experts.slow().at("1-" + k));
            }
            if (k < steps) {
                adapters.add(experts.fast().at((k + 1) + "-" + steps));
            }
            contenders.add(new Contender("switch-" + k, plan, adapters));
        }
        return contenders;
    }
}
