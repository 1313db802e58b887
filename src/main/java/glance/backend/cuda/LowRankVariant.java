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

    /** Scratch that a product takes beside S and the factors. */
    abstract long productBytes(Op.Linear op);

    /**
     * Queues the product; S is made.
     *
     * @param x in the compute type
     * @param shares packed, {@link #mostShares} at most
     * @param low S of each share, its columns from the first on; null if no share has an addition
     */
    abstract void product(Operands operands, Op.Linear op, Tensor x, Shares shares, Tensor low);

    @Override
    public final long workspaceBytes(Op.Linear op) {
        return MmaProducts.workspaceBytes(List.of(new MmaProducts.Member(this, op)));
    }

    @Override
    public final void run(Op.Linear op) {
        new MmaProducts(launcher).run(List.of(new MmaProducts.Member(this, op)));
    }
}
