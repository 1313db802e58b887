package glance.backend.cuda;

import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;

/**
 * A way to compute a product on tensor cores that reads S of its adapters as {@link LowRankMma}
 * makes it, so that S of several products can be made at once.
 */
abstract class LowRankVariant implements Variant<Op.Linear> {
    final Launcher launcher;

    LowRankVariant(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Shares of a launch at most. */
    abstract int mostShares();

    /** Whether products read x rounded, {@link glance.op.Rounded}. */
    boolean rounds() {
        return false;
    }

    /** Scratch that a product takes beside S, the factors and a rounded x. */
    abstract long productBytes(Op.Linear op);

    /**
     * Queues the product; S is made.
     *
     * @param shares packed, {@link #mostShares} at most
     * @param low S of each share, its columns from the first on; null if no share has an addition
     */
    abstract void product(
            Operands operands, Op.Linear op, ProductInput x, Shares shares, Tensor low);

    /**
     * Whether the launches of a product can make S of some products of the same x, the first of
     * which is the own one, so that no launch before has to.
     *
     * @param x of all shares, in the compute type
     */
    boolean makes(Op.Linear op, Tensor x, LowRows low) {
        return false;
    }

    /**
     * {@link #product} whose launch makes S.
     *
     * @param low of as many shares as x has; what {@link #makes} was asked for, or a part of it
     */
    void productMaking(Operands operands, Op.Linear op, ProductInput x, LowRows low) {
        throw new UnsupportedOperationException(name() + " has S made before");
    }

    @Override
    public final long workspaceBytes(Op.Linear op) {
        return MmaProducts.workspaceBytes(List.of(new MmaProducts.Member(this, op)), null);
    }

    @Override
    public final void run(Op.Linear op) {
        new MmaProducts(launcher).run(List.of(new MmaProducts.Member(this, op)), null);
    }
}
