package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches linear.cu, plain arithmetic of any dtype and alignment: first the small product with A,
 * then all the rest at once.
 */
final class LinearPlain implements Variant<Op.Linear> {
    private static final String FILE = "linear";

    private final Launcher launcher;
    private final boolean few;

    private LinearPlain(Launcher launcher, boolean few) {
        this.launcher = launcher;
        this.few = few;
    }

    /** A warp for each column: the weight is read once, for few rows. */
    static LinearPlain rows(Launcher launcher) {
        return new LinearPlain(launcher, true);
    }

    /** A block for each tile of results. */
    static LinearPlain tiles(Launcher launcher) {
        return new LinearPlain(launcher, false);
    }

    @Override
    public String name() {
        return few ? "rows" : "plain";
    }

    @Override
    public String refuses(Op.Linear op) {
        if (!DTypeCode.isReadable(op.weight().dtype())) {
            return "weights of dtype " + op.weight().dtype();
        }
        int most = launcher.constant(FILE, "linear_few_rows");
        return few && rows(op.x()) > most ? "more than " + most + " rows" : null;
    }

    @Override
    public long workspaceBytes(Op.Linear op) {
        long low = (long) Float.BYTES * rows(op.x()) * Shares.of(op).rank();
        return low + Operands.weightBytes(launcher.computeType(), op.weight());
    }

    @Override
    public void run(Op.Linear op) {
        for (Op.Linear part : Shares.parts(op, mostShares(launcher))) {
            try (Operands operands = launcher.operands()) {
                product(operands, part, operands.activation(part.x()));
            }
        }
    }

    private static int mostShares(Launcher launcher) {
        return launcher.constant(FILE, "linear_shares");
    }

    private static int rows(Tensor x) {
        return x.dim(0) * x.dim(1);
    }

    /** {@code scale x A^T}, columns times their scales, [rows, largest rank]. */
    static Tensor lowRank(Launcher launcher, Operands operands, Tensor x, Shares shares) {
        int rank = shares.rank();
        Tensor low = operands.scratch(DType.F32, Shape.of(rows(x), rank));
        String entry = "low_rank" + launcher.suffix();
        launcher.launch(
                FILE,
                entry,
                rowsGrid(launcher, entry, shares, rank),
                shares.add(rows(new Arguments(), x), mostShares(launcher))
                        .pointer(Launcher.address(low))
                        .i32(x.dim(2))
                        .i32(rank));
        return low;
    }

    private void product(Operands operands, Op.Linear op, Tensor x) {
        Shares shares = Shares.of(op);
        Tensor low = shares.rank() == 0 ? null : lowRank(launcher, operands, x, shares);
        int columns = op.weight().dim(0);
        String entry = (few ? "linear_rows" : "linear_tile") + launcher.suffix();
        Tensor weight = operands.weight(op.weight());
        Arguments arguments =
                rows(new Arguments(), x)
                        .pointer(Launcher.address(weight))
                        .i32(DTypeCode.of(weight.dtype()))
                        .pointer(Launcher.address(low))
                        .i32(shares.rank());
        launcher.launch(
                FILE,
                entry,
                few ? rowsGrid(launcher, entry, shares, columns) : tileGrid(shares, columns),
                operands.epilogue(
                                shares.add(arguments, mostShares(launcher)),
                                op.bias(),
                                op.epilogue())
                        .pointer(Launcher.address(op.out()))
                        .i32(x.dim(2))
                        .i32(columns));
    }

    private static Arguments rows(Arguments arguments, Tensor x) {
        return arguments
                .pointer(Launcher.address(x))
                .i64(x.stride(0))
                .i64(x.stride(1))
                .i32(x.dim(1));
    }

    private static Grid rowsGrid(Launcher launcher, String entry, Shares shares, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.warps(FILE, entry)),
                shares.tiles(launcher.constant(FILE, "linear_few_rows")));
    }

    private Grid tileGrid(Shares shares, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.constant(FILE, "linear_tile_columns")),
                shares.tiles(launcher.constant(FILE, "linear_tile_rows")));
    }
}
