package glance.lora;

import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * The experts of a step: which ones, and how strong each of them is. Known by its instance: steps
 * that share one share everything that is computed under it.
 */
public final class StepExperts {
    private final Adapter adapter;
    private final Tensor strengths; // F32 (ranks of all modules); null for a fixed adapter

    StepExperts(Blend blend, Tensor strengths) {
        this.adapter = blend;
        this.strengths = strengths;
    }

    private StepExperts(Adapter fixed) {
        this.adapter = fixed;
        this.strengths = null;
    }

    /** No expert. */
    public static StepExperts none() {
        return new StepExperts(Adapter.NONE);
    }

    /** An adapter that is as strong as it is, such as one in training. */
    public static StepExperts of(Adapter fixed) {
        return new StepExperts(fixed);
    }

    /** What a forward pass of this step is told; the same instance for every strength. */
    public Adapter adapter() {
        return adapter;
    }

    /** Makes their strengths the current ones: one small copy on the device, or none. */
    public void use(Ops ops) {
        if (strengths != null) {
            ((Blend) adapter).set(ops, strengths);
        }
    }
}
