package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.Op;
import glance.op.Rounded;
import glance.tensor.DType;
import glance.tensor.Tensor;

/**
 * Launches linear_w8a8.cu, products of e4m3 weights with activations that are rounded to e4m3, with
 * a scale for each row. Less exact than all other variants, and so only where it is chosen. On
 * Hopper {@link LinearW8A8Wgmma} has its name.
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

    /** The one that is for the GPU. */
    static LowRankVariant of(Launcher launcher, boolean chosen) {
        return launcher.gpu().runsHopperKernels()
                ? new LinearW8A8Wgmma(launcher, chosen)
                : new LinearW8A8(launcher, chosen);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String refuses(Op.Linear op) {
        return launcher.gpu().multipliesE4M3()
                ? refuses(launcher, chosen, op)
                : "a GPU whose tensor cores do not multiply e4m3: it takes compute capability 8.9,"
                        + " 9.0 or 12, and a driver of CUDA 13";
    }

    /** Why a product cannot or should not be computed with rounded activations, or null. */
    static String refuses(Launcher launcher, boolean chosen, Op.Linear op) {
        if (!chosen) {
            return "activations that nobody asked to round to 8 bits";
        }
        Tensor x = op.x();
        if (x.dim(0) * x.dim(1) <= LinearFew.MOST_ROWS) {
            return "rows of which " + LinearFew.MOST_ROWS + " or fewer gain nothing";
        }
        Tensor weight = op.weight();
        if (weight.dtype() != DType.F8_E4M3) {
            return "weights that are not F8_E4M3";
        }
        if (weight.dim(1) % CHUNK != 0 || weight.offset() % CHUNK != 0) {
            return "rows of weights that are not multiples of " + CHUNK;
        }
        return Packed.areActivations(launcher, x)
                ? null
                : "activations that are not bf16 in aligned chunks";
    }

    @Override
    boolean rounds() {
        return true;
    }

    @Override
    long productBytes(Op.Linear op) {
        return 0;
    }

    @Override
    int mostShares() {
        return mma.mostShares();
    }

    @Override
    void product(Operands operands, Op.Linear op, ProductInput x, Shares shares, Tensor low) {
        Rounded rounded = x.rounded();
        int columns = op.weight().dim(0);
        MmaTile tile = MmaTile.fitting(launcher, FILE, shares, columns);
        Arguments arguments =
                mma.arguments(operands, op, rounded.q(), op.weight(), shares, low)
                        .pointer(Launcher.address(rounded.scales()));
        tile.launch(launcher, FILE + "_" + tile.size(), shares, columns, arguments);
    }
}
