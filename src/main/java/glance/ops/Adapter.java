package glance.ops;

import glance.op.Addition;
import glance.tensor.Tensor;
import java.util.List;

/**
 * What changes the layers of a model while it is active: see {@link Ops#under}. The layers ask for
 * it by name at each product, so that a switch is a choice between references.
 */
@FunctionalInterface
public interface Adapter {
    /** Changes nothing. */
    Adapter NONE = module -> null;

    /** What is added to the product of a linear layer, or null for nothing. */
    Addition of(String module);

    /**
     * What every row of a linear layer's weight, with its addition, is multiplied by: F32 [1, out];
     * null for ones.
     */
    default Tensor rowScale(String module) {
        return null;
    }

    /**
     * That of a batch whose samples have different adapters. All but low-rank additions must be the
     * same for all of them.
     *
     * @param samples of each sample, or of even, consecutive shares of the samples
     */
    static Adapter ofBatch(List<Adapter> samples) {
        boolean same = samples.stream().allMatch(sample -> sample == samples.get(0));
        return same ? samples.get(0) : new BatchAdapter(List.copyOf(samples));
    }

    /** What takes the place of a parameter, such as {@code proj.weight}, or null for none. */
    default Tensor instead(String parameter) {
        return null;
    }

    /** That of a part of the model, whose layers have its name and a dot before their own. */
    default Adapter in(String part) {
        return this == NONE ? NONE : new PartAdapter(this, part + ".");
    }
}
