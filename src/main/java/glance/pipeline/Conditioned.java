package glance.pipeline;

import glance.lora.StepExperts;
import glance.model.Velocity;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One batch of texts, conditioned for all steps of a run: under the experts of each step, in the
 * order of the steps.
 */
final class Conditioned {
    private final List<StepExperts> experts; // of each step
    private final Map<StepExperts, Velocity> velocities = new IdentityHashMap<>();

    Conditioned(List<StepExperts> experts) {
        this.experts = experts;
    }

    void put(StepExperts active, Velocity velocity) {
        velocities.put(active, velocity);
    }

    /** Each adapter of the run once; strengths apart, steps of one share all that is computed. */
    Set<Adapter> adapters() {
        Set<Adapter> result = new LinkedHashSet<>();
        experts.forEach(step -> result.add(step.adapter()));
        return result;
    }

    /** The network under an adapter. */
    Velocity.Prediction prediction(Adapter adapter) {
        return velocities.entrySet().stream()
                .filter(entry -> entry.getKey().adapter() == adapter)
                .map(entry -> entry.getValue().prediction())
                .findFirst()
                .orElseThrow();
    }

    /** What differs between the steps under an adapter, packed step by step. */
    StepInputs inputs(Ops ops, Adapter adapter) {
        List<StepExperts> mine = experts.stream().filter(e -> e.adapter() == adapter).toList();
        List<List<Tensor>> constants =
                mine.stream().map(active -> velocities.get(active).constants()).toList();
        if (Set.copyOf(mine).size() == 1) {
            Velocity all = velocities.get(mine.get(0));
            return new StepInputs(ops, List.of(all.conditioning()), constants);
        }
        List<List<Tensor>> steps = new ArrayList<>();
        Map<StepExperts, Integer> used = new IdentityHashMap<>();
        for (StepExperts active : mine) {
            int step = used.merge(active, 1, Integer::sum) - 1;
            steps.add(velocities.get(active).conditioning(step));
        }
        return new StepInputs(ops, steps, constants);
    }
}
