package glance.pipeline;

import glance.lora.StepExperts;
import glance.model.Conditioning;
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
    private final Velocity.Prediction prediction;
    private final Map<StepExperts, Conditioning> own = new IdentityHashMap<>();

    Conditioned(List<StepExperts> experts, Velocity.Prediction prediction) {
        this.experts = experts;
        this.prediction = prediction;
    }

    void put(StepExperts active, Conditioning conditioning) {
        own.put(active, conditioning);
    }

    /** Each adapter of the run once; strengths apart, steps of one share all that is computed. */
    Set<Adapter> adapters() {
        Set<Adapter> result = new LinkedHashSet<>();
        experts.forEach(step -> result.add(step.adapter()));
        return result;
    }

    /** That of a step, counted from 0. */
    Adapter adapter(int step) {
        return experts.get(step).adapter();
    }

    /** The network. */
    Velocity.Prediction prediction() {
        return prediction;
    }

    /** What differs between the steps under an adapter, packed step by step. */
    StepInputs inputs(Ops ops, Adapter adapter) {
        List<StepExperts> mine = experts.stream().filter(e -> e.adapter() == adapter).toList();
        List<List<Tensor>> constants =
                mine.stream().map(active -> own.get(active).constants()).toList();
        if (Set.copyOf(mine).size() == 1) {
            Conditioning all = own.get(mine.get(0));
            return new StepInputs(ops, List.of(all.vectors()), constants);
        }
        List<List<Tensor>> steps = new ArrayList<>();
        Map<StepExperts, Integer> used = new IdentityHashMap<>();
        for (StepExperts active : mine) {
            int step = used.merge(active, 1, Integer::sum) - 1;
            steps.add(own.get(active).vectors(step));
        }
        return new StepInputs(ops, steps, constants);
    }
}
