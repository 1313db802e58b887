package glance.ops;

import glance.op.LowRank;
import glance.tensor.Tensor;

/**
 * What changes the layers of a model while it is active: see {@link Ops#under}. The layers ask for
 * it by name at each product, so that a switch is a choice between references.
 */
@FunctionalInterface
public interface Adapter {
    /** Changes nothing. */
    Adapter NONE = module -> null;

    /** What is added to the product of a linear layer, or null for nothing. */
    LowRank of(String module);

    /**
     * What every row of a linear layer's weight, with its addition, is multiplied by: F32 [1, out];
     * null for ones.
     */
    default Tensor rowScale(String module) {
        return null;
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
