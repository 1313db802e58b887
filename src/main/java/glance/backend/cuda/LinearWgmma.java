package glance.backend.cuda;

import glance.backend.cuda.driver.TensorMap;
import glance.op.Op;
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
    PersistentTile fastest(Samples samples, int columns) {
        return super.fastest(samples, columns).inPairs(launcher.gpu(), samples, columns);
    }

    @Override
    TensorMap weights(Operands operands, Tensor weight, PersistentTile tile) {
        return maps.matrix(Packed.of(launcher, operands, weight), depth(), tile.copiedColumns());
    }

    /** As wide as they are deep. */
    @Override
    TensorMap weightsAcross(Operands operands, Tensor weight) {
        return maps.matrix(Packed.of(launcher, operands, weight), depth(), depth());
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
