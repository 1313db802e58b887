package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Epilogue;
import glance.op.LowRank;
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
        long low = op.lora() == null ? 0 : (long) Float.BYTES * rows(op.x()) * op.lora().rank();
        return low + Operands.weightBytes(launcher.computeType(), op.weight());
    }

    @Override
    public void run(Op.Linear op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            Tensor low = op.lora() == null ? null : lowRank(launcher, operands, x, op.lora());
            product(operands, op, x, low);
        }
    }

    private static int rows(Tensor x) {
        return x.dim(0) * x.dim(1);
    }

    /** {@code scale x A^T}, columns times their scales, [rows, rank]. */
    static Tensor lowRank(Launcher launcher, Operands operands, Tensor x, LowRank lora) {
        int rows = rows(x);
        int rank = lora.rank();
        Tensor low = operands.scratch(DType.F32, Shape.of(rows, rank));
        String entry = "low_rank" + launcher.suffix();
        launcher.launch(
                FILE,
                entry,
                rowsGrid(launcher, entry, rows, rank),
                rows(new Arguments(), x)
                        .pointer(Launcher.address(lora.a()))
                        .i32(DTypeCode.of(lora.a().dtype()))
                        .f32(lora.scale())
                        .pointer(Launcher.address(lora.scales()))
                        .pointer(Launcher.address(low))
                        .i64(rows)
                        .i32(x.dim(2))
                        .i32(rank));
        return low;
    }

    private void product(Operands operands, Op.Linear op, Tensor x, Tensor low) {
        int rows = rows(x);
        int columns = op.weight().dim(0);
        String entry = (few ? "linear_rows" : "linear_tile") + launcher.suffix();
        Tensor up = low == null ? null : op.lora().b();
        Epilogue epilogue = op.epilogue();
        Tensor gate = operands.activation(epilogue.gate());
        Tensor weight = operands.weight(op.weight());
        launcher.launch(
                FILE,
                entry,
                few ? rowsGrid(launcher, entry, rows, columns) : tileGrid(rows, columns),
                rows(new Arguments(), x)
                        .pointer(Launcher.address(weight))
                        .i32(DTypeCode.of(weight.dtype()))
                        .pointer(Launcher.address(low))
                        .pointer(Launcher.address(up))
                        .i32(up == null ? 0 : DTypeCode.of(up.dtype()))
                        .i32(up == null ? 0 : up.dim(1))
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .i32(epilogue.activation().ordinal())
                        .pointer(Launcher.address(gate))
                        .i64(Launcher.sampleStride(gate))
                        .pointer(Launcher.address(operands.activation(epilogue.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i64(rows)
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

    private static Grid rowsGrid(Launcher launcher, String entry, int rows, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.warps(FILE, entry)),
                Grid.blocks(rows, launcher.constant(FILE, "linear_few_rows")));
    }

    private Grid tileGrid(int rows, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.constant(FILE, "linear_tile_columns")),
                Grid.blocks(rows, launcher.constant(FILE, "linear_tile_rows")));
    }
}
