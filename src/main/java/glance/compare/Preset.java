package glance.compare;

import glance.api.Comparison.Run;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.pipeline.SpeedAdapters;
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
 * speed       PLAN                the pair on its plan
 *             uniform-N           the model alone, on as many steps as it and each of these:
 *             lightning-8, ...    an adapter for few steps, on the plan that it is made for
 * </pre>
 */
public enum Preset {
    CONTROLS(Preset::controls),
    SWEEP(Preset::sweep),
    SPEED(Preset::speed);

    private final BiFunction<Plan, Experts, List<Run>> make;

    Preset(BiFunction<Plan, Experts, List<Run>> make) {
        this.make = make;
    }

    /**
     * The pair of adapters that the questions are about.
     *
     * @param slow for high noise
     * @param fast for low noise
     * @param speed adapters for few steps, which {@link SpeedAdapters} knows
     */
    public record Experts(Lora slow, Lora fast, List<Lora> speed) {
        /** The pair alone. */
        public Experts(Lora slow, Lora fast) {
            this(slow, fast, List.of());
        }
    }

    /**
     * The runs of this preset.
     *
     * @param plan with the phases slow and fast
     * @throws IllegalArgumentException if it has not
     */
    public List<Run> runs(Plan plan, Experts experts) {
        for (String phase : List.of(Plans.SLOW, Plans.FAST)) {
            if (plan.phases().stream().noneMatch(p -> p.name().equals(phase))) {
                throw new IllegalArgumentException(
                        "plan " + plan.name() + ": has no phase " + phase + "; use glance");
            }
        }
        return make.apply(plan, experts);
    }

    private static List<Run> controls(Plan plan, Experts experts) {
        Lora slow = experts.slow();
        Lora fast = experts.fast();
        Plan uniform = Plans.uniform(plan.levels().count());
        String all = "1-" + plan.levels().count();
        return List.of(
                new Run("base-" + uniform.name(), uniform, List.of()),
                new Run("base", plan, List.of()),
                new Run("slow-only", plan, List.of(slow.on(Plans.SLOW))),
                new Run("fast-only", plan, List.of(fast.on(Plans.FAST))),
                new Run("slow+fast", plan, List.of(slow.on(Plans.SLOW), fast.on(Plans.FAST))),
                new Run("swapped", plan, List.of(slow.on(Plans.FAST), fast.on(Plans.SLOW))),
                new Run("slow-everywhere", plan, List.of(slow.on(all))),
                new Run("fast-everywhere", plan, List.of(fast.on(all))));
    }

    private static List<Run> speed(Plan plan, Experts experts) {
        List<Lora> pair = List.of(experts.slow().on(Plans.SLOW), experts.fast().on(Plans.FAST));
        List<Run> adapted = new ArrayList<>(List.of(new Run(plan.name(), plan, pair)));
        for (Lora lora : experts.speed()) {
            Plan own =
                    SpeedAdapters.plan(lora.path())
                            .orElseThrow(
                                    () ->
                                            new IllegalArgumentException(
                                                    lora.path()
                                                            + ": its name says no plan; use --run"
                                                            + " NAME=PLAN,FILE"));
            boolean taken = adapted.stream().anyMatch(run -> run.name().equals(own.name()));
            String name = taken ? own.name() + " " + adapted.size() : own.name();
            adapted.add(new Run(name, own, List.of(lora)));
        }
        List<Run> runs = new ArrayList<>();
        adapted.stream()
                .map(run -> run.plan().levels().count())
                .distinct()
                .sorted()
                .map(Plans::uniform)
                .forEach(uniform -> runs.add(new Run(uniform.name(), uniform, List.of())));
        runs.addAll(adapted);
        return runs;
    }

    private static List<Run> sweep(Plan plan, Experts experts) {
        int steps = plan.levels().count();
        List<Run> runs = new ArrayList<>();
        for (int k = 0; k <= steps; k++) {
            List<Lora> adapters = new ArrayList<>();
            if (k > 0) {
                adapters.add(experts.slow().on("1-" + k));
            }
            if (k < steps) {
                adapters.add(experts.fast().on((k + 1) + "-" + steps));
            }
            runs.add(new Run("switch-" + k, plan, adapters));
        }
        return runs;
    }
}
