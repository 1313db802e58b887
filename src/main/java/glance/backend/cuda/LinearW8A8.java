package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches linear_w8a8.cu, products of e4m3 weights with activations that are rounded to e4m3, with
 * a scale for each row. Less exact than all other variants, and so only where it is chosen.
 */
final class LinearW8A8 extends LowRankVariant {
    static final String NAME = "w8a8";

    private static final String FILE = "linear_w8a8";

    /** Elements of a weight that are read at once. */
    private static final int CHUNK = 16;

    private final LinearMma mma;
    private final boolean chosen;

    /**
     * @param chosen whether the user asked for it
     */
    LinearW8A8(Launcher launcher, boolean chosen) {
        super(launcher);
        this.mma = LinearMma.narrow(launcher);
        this.chosen = chosen;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String refuses(Op.Linear op) {
        if (!chosen) {
            return "activations that nobody asked to round to 8 bits";
        }
        if (!launcher.gpu().multipliesE4M3()) {
            return "a GPU whose mma.sync does not multiply e4m3: it takes compute capability 8.9 or 12,"
                    + " and a driver of CUDA 13";
        }
        if (rows(op.x()) <= LinearFew.MOST_ROWS) {
            return "rows of which " + LinearFew.MOST_ROWS + " or fewer gain nothing";
        }
        Tensor weight = op.weight();
        if (weight.dtype() != DType.F8_E4M3) {
            return "weights that are not F8_E4M3";
        }
        if (weight.dim(1) % CHUNK != 0 || weight.offset() % CHUNK != 0) {
            return "rows of weights that are not multiples of " + CHUNK;
        }
        return Packed.areActivations(launcher, op.x())
                ? null
                : "activations that are not bf16 in aligned chunks";
    }

    private static int rows(Tensor x) {
        return x.dim(0) * x.dim(1);
    }

    @Override
    long productBytes(Op.Linear op) {
        return op.x().numel() + (long) DType.F32.bytes() * rows(op.x());
    }

    @Override
    int mostShares() {
        return mma.mostShares();
    }

    @Override
    void product(Operands operands, Op.Linear op, Tensor x, Shares shares, Tensor low) {
        Tensor rounded = operands.scratch(DType.F8_E4M3, x.shape());
        Tensor scales = operands.scratch(DType.F32, Shape.of(rows(x)));
        quantise(x, rounded, scales);
        int columns = op.weight().dim(0);
        MmaTile tile = MmaTile.fitting(launcher, FILE, shares, columns);
        Arguments arguments =
                mma.arguments(operands, op, rounded, op.weight(), shares, low)
                        .pointer(Launcher.address(scales));
        tile.launch(launcher, FILE + "_" + tile.size(), shares, columns, arguments);
    }

    private void quantise(Tensor x, Tensor rounded, Tensor scales) {
        launcher.launch(
                FILE,
                "quantise_rows" + launcher.suffix(),
                Grid.of(rows(x)),
                new Arguments()
                        .pointer(Launcher.address(x))
                        .i64(x.stride(0))
                        .i64(x.stride(1))
                        .i32(x.dim(1))
                        .pointer(Launcher.address(rounded))
                        .pointer(Launcher.address(scales))
                        .i32(x.dim(2)));
    }
}
