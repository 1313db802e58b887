package glance.backend.cuda;

import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Set;

/**
 * Launches linear_few.cu, tensor cores for few rows and weights of 8 or 4 bits, which are read once
 * as they are stored. The adapter's product with x is that of {@link LinearMma}.
 */
final class LinearFew extends LowRankVariant {
    private static final String FILE = "linear_few";

    private static final Set<DType> BYTES = Set.of(DType.F8_E4M3, DType.I8);
    private static final Set<DType> BLOCKS = Set.of(DType.Q8_0, DType.Q4_0, DType.Q4_K);

    /** Rows of x that there are kernels for. */
    private static final int[] ROWS = {8, 32, 64};

    static final int MOST_ROWS = ROWS[ROWS.length - 1];

    /** Bytes that are read at once. */
    private static final int CHUNK = 16;

    private final LinearMma mma;

    LinearFew(Launcher launcher) {
        super(launcher);
        this.mma = LinearMma.narrow(launcher);
    }

    @Override
    public String name() {
        return "few";
    }

    @Override
    public String refuses(Op.Linear op) {
        Tensor weight = op.weight();
        if (rows(op.x()) > MOST_ROWS) {
            return "more than " + MOST_ROWS + " rows";
        }
        if (!BYTES.contains(weight.dtype()) && !BLOCKS.contains(weight.dtype())) {
            return "weights of dtype " + weight.dtype();
        }
        if (!Packed.areActivations(launcher, op.x())) {
            return "activations that are not bf16 in aligned chunks";
        }
        int whole =
                BYTES.contains(weight.dtype())
                        ? CHUNK
                        : launcher.constant(FILE, "linear_few_segment");
        return weight.dim(1) % whole == 0 && weight.offset() % whole == 0
                ? null
                : "rows of weights that are not multiples of " + whole;
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
        String type = DTypeCode.shortName(op.weight().dtype());
        String entry = FILE + "_" + type + "_" + most(rows(x.x()));
        int rowsOfBlock = launcher.constant(FILE, entry + "_rows");
        launcher.launch(
                FILE,
                entry + launcher.suffix(),
                Grid.of(Grid.blocks(op.weight().dim(0), rowsOfBlock)),
                launcher.constant(FILE, entry + "_shared"),
                mma.arguments(operands, op, x.x(), op.weight(), shares, low));
    }

    private static int rows(Tensor x) {
        return x.dim(0) * x.dim(1);
    }

    private static int most(int rows) {
        for (int most : ROWS) {
            if (rows <= most) {
                return most;
            }
        }
        throw new AssertionError(rows);
    }
}
