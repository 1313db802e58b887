package glance.backend.cuda;

import glance.tensor.Tensor;

/** Hopper's ways to compute the gradient of a product towards its argument. */
interface HopperInput {
    /** As the variant of the product is called. */
    String name();

    /** Whether {@link #linearInput} is for a gradient of so many rows and columns. */
    boolean takesInput(int rows, int columns);

    /**
     * {@code out = dy W + S A}.
     *
     * @param dy [rows, out] packed
     * @param low S, from {@link LinearMma#lowRankOfInput}, or null
     * @param down A [rank, in] packed, or null
     */
    void linearInput(
            Operands operands, Tensor dy, Tensor weight, Tensor low, Tensor down, Tensor out);
}
