package glance.backend.cuda;

import glance.backend.Epilogue;
import glance.backend.Kernel;
import glance.backend.LowRank;
import glance.backend.Op;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches linear.cu: first the small product with A, then all the rest at once. Hands what tensor
 * cores take to {@link LinearMma}, and everything to {@link LinearGemm} if there is a library.
 */
final class LinearKernel implements Kernel<Op.Linear> {
    private static final String FILE = "linear";

    private final Launcher launcher;
    private final LinearMma mma;
    private final LinearGemm library;

    LinearKernel(Launcher launcher) {
        this.launcher = launcher;
        this.mma = new LinearMma(launcher);
        this.library = new LinearGemm(launcher);
    }

    @Override
    public String refuses(Op.Linear op) {
        return DTypeCode.of(op.weight().dtype()) >= 0
                ? null
                : "weights of dtype " + op.weight().dtype();
    }

    @Override
    public long workspaceBytes(Op.Linear op) {
        if (launcher.libraries().gemm() != null) {
            return LinearGemm.workspaceBytes(launcher.computeType(), op);
        }
        int rows = op.x().dim(0) * op.x().dim(1);
        long plain = op.lora() == null ? 0 : (long) Float.BYTES * rows * op.lora().a().dim(0);
        long tensorCores =
                launcher.computeType() == DType.BF16
                        ? LinearMma.workspaceBytes(rows, op.weight(), op.lora())
                        : 0;
        return Math.max(plain, tensorCores);
    }

    @Override
    public void run(Op.Linear op) {
        if (op.out().numel() == 0) {
            return;
        }
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            LinearVariant variant = LinearVariant.of(launcher, x);
            switch (variant) {
                case LIBRARY -> {
                    // a library's product has one scale
                    boolean own = op.lora() != null && op.lora().scales() != null;
                    library.linear(operands, op, x, own ? lowRank(operands, x, op.lora()) : null);
                }
                case MMA -> mma.linear(operands, op, x);
                case ROWS, PLAIN -> {
                    Tensor low = op.lora() == null ? null : lowRank(operands, x, op.lora());
                    product(variant, operands, op, x, low);
                }
            }
        }
    }

    /** {@code scale x A^T}, columns times their scales, [rows, rank]. */
    private Tensor lowRank(Operands operands, Tensor x, LowRank lora) {
        int rows = x.dim(0) * x.dim(1);
        int rank = lora.a().dim(0);
        Tensor low = operands.scratch(DType.F32, Shape.of(rows, rank));
        String entry = "low_rank" + launcher.suffix();
        launcher.launch(
                FILE,
                entry,
                rowsGrid(entry, rows, rank),
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

    private void product(
            LinearVariant variant, Operands operands, Op.Linear op, Tensor x, Tensor low) {
        int rows = x.dim(0) * x.dim(1);
        int columns = op.weight().dim(0);
        boolean few = variant == LinearVariant.ROWS;
        String entry = (few ? "linear_rows" : "linear_tile") + launcher.suffix();
        Tensor up = low == null ? null : op.lora().b();
        Epilogue epilogue = op.epilogue();
        Tensor gate = operands.activation(epilogue.gate());
        launcher.launch(
                FILE,
                entry,
                few ? rowsGrid(entry, rows, columns) : tileGrid(rows, columns),
                rows(new Arguments(), x)
                        .pointer(Launcher.address(op.weight()))
                        .i32(DTypeCode.of(op.weight().dtype()))
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

    private Grid rowsGrid(String entry, int rows, int columns) {
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
