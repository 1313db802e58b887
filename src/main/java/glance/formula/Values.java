package glance.formula;

import glance.tensor.Tensor;

/** The numbers in the arguments of an operation, wherever these lie. */
@FunctionalInterface
public interface Values {
    /**
     * The elements of an argument, row-major. A formula asks for all that it reads as soon as it is
     * made.
     */
    Elements of(Tensor tensor);

    /** The same, or null for an argument that is absent. */
    default Elements optional(Tensor tensor) {
        return tensor == null ? null : of(tensor);
    }
}
