package glance.backend.cuda;

import glance.backend.cuda.driver.TensorMap;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** Launches linear_wgmma.cu: weights in bf16, or packed before. */
final class LinearWgmma extends HopperLinear {
    static final String NAME = "wgmma";

    private final LinearMma mma;

    LinearWgmma(Launcher launcher, boolean always) {
        super(launcher, NAME, always);
        this.mma = LinearMma.packed(launcher);
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
    PersistentTile tile(int length) {
        return new PersistentTile(constant("rows"), length);
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
    String kind(Tensor weight) {
        return "";
    }

    @Override
    boolean makesLow() {
        return true;
    }
}
