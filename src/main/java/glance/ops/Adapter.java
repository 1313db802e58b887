package glance.ops;

import glance.op.LowRank;

/**
 * What is added to the linear layers of a model while it is active: see {@link Ops#under}. The
 * layers ask for it by name at each product, so that a switch is a choice between two references.
 */
@FunctionalInterface
public interface Adapter {
    /** Adds nothing. */
    Adapter NONE = module -> null;

    /** The addition to a layer, or null for none. */
    LowRank of(String module);

    /** That of a part of the model, whose layers have its name and a dot before their own. */
    default Adapter in(String part) {
        return this == NONE ? NONE : module -> of(part + "." + module);
    }
}
