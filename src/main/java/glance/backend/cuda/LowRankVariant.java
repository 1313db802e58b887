package glance.backend.cuda;

import glance.op.Op;
import glance.tensor.Tensor;

/**
 * A way to compute a product on tensor cores that reads S of its adapters as {@link LowRankMma}
 * makes it, so that S of several products can be made at once.
 */
interface LowRankVariant extends Variant<Op.Linear> {
    /** Shares of a launch at most. */
    int mostShares();

    /** Scratch that a product takes beside S and the factors. */
    long productBytes(Op.Linear op);

    /**
     * Queues the product; S is made.
     *
     * @param x in the compute type
     * @param shares packed, {@link #mostShares} at most
     * @param low S of each share, its columns from the first on; null if no share has an addition
     */
    void product(Operands operands, Op.Linear op, Tensor x, Shares shares, Tensor low);
}
