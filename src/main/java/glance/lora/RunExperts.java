package glance.lora;

import glance.tensor.Storage;
import java.util.Collections;
import java.util.List;

/**
 * The experts of all steps of a run, from {@link ExpertSet#perStep}. Owns their strengths on the
 * device; the matrices belong to the set.
 */
public final class RunExperts implements AutoCloseable {
    private final List<StepExperts> steps;
    private final List<Strengths> strengths;
    private final List<Storage> owned;

    /** The strengths of a step; two of the same experts and values are equal. */
    record Strengths(Blend blend, List<Float> row) {}

    /**
     * @param strengths of the same steps
     * @param owned their memory
     */
    RunExperts(List<StepExperts> steps, List<Strengths> strengths, List<Storage> owned) {
        this.steps = List.copyOf(steps);
        this.strengths = List.copyOf(strengths);
        this.owned = List.copyOf(owned);
    }

    /** No experts in any step. */
    public static RunExperts none(int steps) {
        return new RunExperts(
                Collections.nCopies(steps, new StepExperts(Blend.NONE, null)),
                Collections.nCopies(steps, new Strengths(Blend.NONE, List.of())),
                List.of());
    }

    /** The experts of a step, from 1. */
    public StepExperts of(int step) {
        return steps.get(step - 1);
    }

    List<StepExperts> steps() {
        return steps;
    }

    List<Strengths> strengths() {
        return strengths;
    }

    /**
     * Whether samples of a batch may have these experts and those of another run of as many steps:
     * all are plain LoRAs, or they are the same.
     */
    public boolean joins(RunExperts other) {
        return arePlain() && other.arePlain() || strengths.equals(other.strengths);
    }

    /** Whether all are plain LoRAs. */
    public boolean arePlain() {
        return strengths.stream().allMatch(step -> step.blend().isPlain());
    }

    @Override
    public void close() {
        owned.forEach(Storage::release);
    }
}
