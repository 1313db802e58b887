package glance.backend.cuda;

import glance.backend.cuda.driver.TensorMap;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;

/**
 * Launches linear_wgmma.cu: weights in bf16, or packed before. Blocks are in pairs where that takes
 * no longer; for comparison there is one whose blocks never are.
 */
final class LinearWgmma extends HopperLinear {
    static final String NAME = "wgmma";
    static final String SINGLE = "wgmma_single";

    private final LinearMma mma;
    private final boolean chosen;
    private final boolean pairs;

    private LinearWgmma(Launcher launcher, boolean chosen, boolean pairs) {
        super(launcher, NAME, chosen);
        this.mma = LinearMma.packed(launcher);
        this.chosen = chosen;
        this.pairs = pairs;
    }

    /**
     * By pairs of blocks where that takes no longer.
     *
     * @param chosen whether the user asked for it: also for small products
     */
    static LinearWgmma pairs(Launcher launcher, boolean chosen) {
        return new LinearWgmma(launcher, chosen, true);
    }

    /** By single blocks, only if it was chosen. */
    static LinearWgmma single(Launcher launcher, boolean chosen) {
        return new LinearWgmma(launcher, chosen, false);
    }

    @Override
    public String name() {
        return pairs ? NAME : SINGLE;
    }

    @Override
    public String refuses(Op.Linear op) {
        return pairs || chosen ? super.refuses(op) : HopperLinear.SINGLE_BLOCKS;
    }

    @Override
    boolean hasPairs() {
        return pairs;
    }

    @Override
    String refusesWeight(Tensor weight) {
        return mma.refusesWeight(weight);
    }

    @Override
    long productBytes(Op.Linear op) {
        return mma.productBytes(op);
    }

    @Override
    TensorMap weights(Operands operands, Tensor weight, PersistentTile tile) {
        Tensor packed = Packed.of(launcher, operands, weight);
        return maps.matrix(packed, depth(DType.BF16), tile.copiedColumns());
    }

    /** As wide as they are deep. */
    @Override
    TensorMap weightsAcross(Operands operands, Tensor weight) {
        return maps.matrix(
                Packed.of(launcher, operands, weight), depth(DType.BF16), depth(DType.BF16));
    }

    @Override
    boolean makesLow() {
        return true;
    }
}
