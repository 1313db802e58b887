package glance.lora;

import glance.tensor.Storage;
import java.util.List;

/**
 * The experts of all steps of a run, from {@link ExpertSet#perStep}. Owns their strengths on the
 * device; the matrices belong to the set.
 */
public final class RunExperts implements AutoCloseable {
    private final List<StepExperts> steps;
    private final List<Storage> strengths;

    RunExperts(List<StepExperts> steps, List<Storage> strengths) {
        this.steps = List.copyOf(steps);
        this.strengths = List.copyOf(strengths);
    }

    /** The experts of a step, from 1. */
    public StepExperts of(int step) {
        return steps.get(step - 1);
    }

    @Override
    public void close() {
        strengths.forEach(Storage::release);
    }
}
