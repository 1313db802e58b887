package glance.lora;

import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/**
 * The experts of a step: which ones, and how strong each of them is. Known by its instance: steps
 * that share one share everything that is computed under it.
 */
public final class StepExperts {
    private final Adapter adapter;
    private final Tensor strengths; // F32 (ranks of all modules); null for a fixed adapter
    private final List<StepExperts> shares; // of the samples; none where all have the same

    StepExperts(Blend blend, Tensor strengths) {
        this(blend, strengths, List.of());
    }

    private StepExperts(Adapter adapter, Tensor strengths, List<StepExperts> shares) {
        this.adapter = adapter;
        this.strengths = strengths;
        this.shares = shares;
    }

    /** No expert. */
    public static StepExperts none() {
        return of(Adapter.NONE);
    }

    /** An adapter that is as strong as it is, such as one in training. */
    public static StepExperts of(Adapter fixed) {
        return new StepExperts(fixed, null, List.of());
    }

    /**
     * Those of a batch whose samples have different ones.
     *
     * @param adapter of the whole batch
     * @param shares of even, consecutive shares of the samples
     */
    static StepExperts ofBatch(Adapter adapter, List<StepExperts> shares) {
        return new StepExperts(adapter, null, List.copyOf(shares));
    }

    /** The same strengths for a twin of its blend. */
    StepExperts on(Blend twin) {
        return new StepExperts(twin, strengths, List.of());
    }

    /** What a forward pass of this step is told; the same instance for every strength. */
    public Adapter adapter() {
        return adapter;
    }

    /** Those of even, consecutive shares of a batch; itself alone if all samples have the same. */
    public List<StepExperts> shares() {
        return shares.isEmpty() ? List.of(this) : shares;
    }

    /** Makes their strengths the current ones: one small copy on the device, or none. */
    public void use(Ops ops) {
        if (strengths != null) {
            ((Blend) adapter).set(ops, strengths);
        }
        shares.forEach(share -> share.use(ops));
    }
}
