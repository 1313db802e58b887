package glance.backend.cuda;

import glance.backend.LowRank;
import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launches product.cu. */
final class ProductKernels {
    private static final String FILE = "product";

    private final Launcher launcher;

    ProductKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void matMul(TrainingOp.MatMul op) {
        int rows = op.out().dim(0);
        int columns = op.out().dim(1);
        int depth = op.a().dim(op.transposeA() ? 0 : 1);
        launcher.launch(
                FILE,
                "mat_mul_f32",
                grid(rows, columns),
                new Arguments()
                        .pointer(Launcher.address(op.a()))
                        .i64(op.transposeA() ? 1 : depth)
                        .i64(op.transposeA() ? rows : 1)
                        .pointer(Launcher.address(op.b()))
                        .i32(DTypeCode.of(op.b().dtype()))
                        .i64(op.transposeB() ? 1 : columns)
                        .i64(op.transposeB() ? depth : 1)
                        .pointer(Launcher.address(op.out()))
                        .i32(rows)
                        .i32(columns)
                        .i32(depth)
                        .f32(op.scale()));
    }

    void linearInput(TrainingOp.LinearInput op) {
        int rows = op.dy().dim(0) * op.dy().dim(1);
        int columns = op.weight().dim(0);
        int in = op.weight().dim(1);
        LowRank lora = op.lora();
        try (Operands operands = launcher.operands()) {
            Tensor low = lora == null ? null : lowRank(operands, op.dy(), lora);
            launcher.launch(
                    FILE,
                    "linear_input_f32",
                    grid(rows, in),
                    new Arguments()
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(op.weight()))
                            .i32(DTypeCode.of(op.weight().dtype()))
                            .pointer(Launcher.address(low))
                            .pointer(lora == null ? 0 : Launcher.address(lora.a()))
                            .i32(lora == null ? 0 : DTypeCode.of(lora.a().dtype()))
                            .i32(lora == null ? 0 : lora.a().dim(0))
                            .pointer(Launcher.address(op.out()))
                            .i32(rows)
                            .i32(columns)
                            .i32(in));
        }
    }

    /** {@code scale dy B}, [rows, rank]. */
    private Tensor lowRank(Operands operands, Tensor dy, LowRank lora) {
        int rows = dy.dim(0) * dy.dim(1);
        Tensor low = operands.scratch(DType.F32, Shape.of(rows, lora.a().dim(0)));
        matMul(
                new TrainingOp.MatMul(
                        dy.reshape(rows, dy.dim(2)), false, lora.b(), false, lora.scale(), low));
        return low;
    }

    private Grid grid(int rows, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.constant(FILE, "product_tile_columns")),
                Grid.blocks(rows, launcher.constant(FILE, "product_tile_rows")));
    }
}
