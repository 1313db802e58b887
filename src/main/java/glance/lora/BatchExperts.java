package glance.lora;

import glance.lora.RunExperts.Strengths;
import glance.ops.Adapter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Joins the experts of the samples of a batch. Samples with the same experts at other strengths
 * read the same matrices, but each needs a vector of strengths of its own, a twin; those that have
 * the same strengths in all steps, too, share it.
 *
 * <pre>
 *   sample 0   experts X, strengths 0.5   ->  X        step 1
 *   sample 1   experts X, strengths 1     ->  twin of X
 *   sample 2   experts X, strengths 0.5   ->  X
 *   sample 3   none                       ->  none
 * </pre>
 */
final class BatchExperts {
    private final List<RunExperts> samples;
    private final Twins twins;
    private final List<RunExperts> different = new ArrayList<>();
    private final Map<Blend, List<RunExperts>> users = new IdentityHashMap<>();
    private final Map<List<Adapter>, Adapter> adapters = new HashMap<>();

    /** Where a blend comes from that is like another one; number 0 is that one. */
    interface Twins {
        Blend of(Blend blend, int number);
    }

    /**
     * @param samples of each sample or share
     * @param twins the same experts with strengths of their own
     */
    BatchExperts(List<RunExperts> samples, Twins twins) {
        this.twins = twins;
        this.samples = samples.stream().map(this::first).toList();
    }

    /** The first sample with the same experts and strengths in all steps. */
    private RunExperts first(RunExperts sample) {
        for (RunExperts known : different) {
            if (known.strengths().equals(sample.strengths())) {
                return known;
            }
        }
        different.add(sample);
        return sample;
    }

    RunExperts together() {
        if (different.size() == 1) {
            return new RunExperts(
                    different.get(0).steps(), different.get(0).strengths(), List.of());
        }
        Map<List<Strengths>, StepExperts> known = new HashMap<>();
        List<StepExperts> result = new ArrayList<>();
        List<Strengths> strengths = new ArrayList<>();
        for (int step = 0; step < samples.get(0).steps().size(); step++) {
            int at = step;
            List<Strengths> own =
                    samples.stream().map(sample -> sample.strengths().get(at)).toList();
            result.add(known.computeIfAbsent(own, key -> step(at)));
            strengths.addAll(own);
        }
        return new RunExperts(result, strengths, List.of());
    }

    private StepExperts step(int at) {
        List<StepExperts> shares = new ArrayList<>();
        Map<RunExperts, StepExperts> made = new IdentityHashMap<>();
        for (RunExperts sample : samples) {
            shares.add(made.computeIfAbsent(sample, key -> of(key, at)));
        }
        List<Adapter> own = shares.stream().map(StepExperts::adapter).toList();
        Adapter all = adapters.computeIfAbsent(own, Adapter::ofBatch);
        return all == own.get(0) ? shares.get(0) : StepExperts.ofBatch(all, shares);
    }

    /** The experts of a sample in a step, with its own strengths. */
    private StepExperts of(RunExperts sample, int at) {
        Blend blend = sample.strengths().get(at).blend();
        Blend twin = twin(blend, sample);
        StepExperts alone = sample.steps().get(at);
        return twin == blend ? alone : alone.on(twin);
    }

    private Blend twin(Blend blend, RunExperts sample) {
        List<RunExperts> own = users.computeIfAbsent(blend, key -> new ArrayList<>());
        if (!own.contains(sample)) {
            own.add(sample);
        }
        return twins.of(blend, own.indexOf(sample));
    }
}
