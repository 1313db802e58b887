package glance.backend.cuda;

import glance.backend.cuda.driver.TensorMap;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Set;

/**
 * Launches linear_narrow_wgmma.cu: weights of 8 or 4 bits as they are stored. The gradient is that
 * of weights of one byte.
 */
final class LinearNarrowWgmma extends HopperLinear {
    static final String NAME = "narrow_wgmma";

    private static final Set<DType> BLOCKS = Set.of(DType.Q8_0, DType.Q4_0, DType.Q4_K);

    private final LinearMma mma;

    LinearNarrowWgmma(Launcher launcher, boolean always) {
        super(launcher, NAME, always);
        this.mma = LinearMma.narrow(launcher);
    }

    @Override
    String refusesWeight(Tensor weight) {
        if (!BLOCKS.contains(weight.dtype())) {
            return mma.refusesWeight(weight);
        }
        int segment = constant("segment");
        return weight.dim(1) % segment == 0 && weight.offset() % segment == 0
                ? null
                : "rows of weights that are not multiples of " + segment;
    }

    @Override
    long productBytes(Op.Linear op) {
        return 0;
    }

    /** Its columns are also the bytes of a swizzled row, so that a stage of weights is square. */
    @Override
    PersistentTile tile(int length) {
        return new PersistentTile(length, constant("columns"));
    }

    @Override
    TensorMap weights(Operands operands, Tensor weight, PersistentTile tile) {
        return BLOCKS.contains(weight.dtype())
                ? maps.blocks(weight, constant("segment"), tile.columns())
                : maps.matrix(weight, tile.columns(), tile.columns());
    }

    @Override
    TensorMap weightsAcross(Operands operands, Tensor weight) {
        return weights(operands, weight, tile(SMALL));
    }

    @Override
    String kind(Tensor weight) {
        return "_" + DTypeCode.shortName(weight.dtype());
    }

    @Override
    boolean hasPairs() {
        return false;
    }
}
