package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.TensorMap;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches linear_w8a8_wgmma.cu: what {@link LinearW8A8} is on other GPUs, of any size. */
final class LinearW8A8Wgmma extends HopperLinear {
    private final boolean chosen;

    /**
     * @param chosen whether the user asked for it
     */
    LinearW8A8Wgmma(Launcher launcher, boolean chosen) {
        super(launcher, "w8a8_wgmma", true);
        this.chosen = chosen;
    }

    @Override
    public String name() {
        return LinearW8A8.NAME;
    }

    @Override
    public String refuses(Op.Linear op) {
        return LinearW8A8.refuses(launcher, chosen, op);
    }

    @Override
    String refusesWeight(Tensor weight) {
        return null; // asked by the product as a whole
    }

    @Override
    boolean rounds() {
        return true;
    }

    @Override
    long productBytes(Op.Linear op) {
        return 0;
    }

    /** In one piece, whatever the strides of x. */
    @Override
    Tensor left(ProductInput x) {
        return x.rounded().q();
    }

    @Override
    void addTo(Arguments arguments, ProductInput x) {
        arguments.pointer(Launcher.address(x.rounded().scales()));
    }

    @Override
    TensorMap weights(Operands operands, Tensor weight, PersistentTile tile) {
        return maps.matrix(weight, depth(weight.dtype()), tile.copiedColumns());
    }
}
