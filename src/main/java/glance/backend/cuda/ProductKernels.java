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

    void lowRank(TrainingOp.LowRankGrad op) {
        LowRank lora = op.lora();
        try (Operands operands = launcher.operands()) {
            Tensor low = operands.scratch(DType.F32, Shape.of(op.x().dim(0), lora.a().dim(0)));
            matMul(op.dy(), lora.b(), lora.scale(), low);
            matMul(low.permute(1, 0), op.x(), 1, op.da());
            matMul(op.x(), lora.a().permute(1, 0), lora.scale(), low);
            matMul(op.dy().permute(1, 0), low, 1, op.db());
        }
    }

    /** {@code out = scale a b}; a F32, b of any float dtype, either with any strides. */
    private void matMul(Tensor a, Tensor b, float scale, Tensor out) {
        launcher.launch(
                FILE,
                "mat_mul_f32",
                grid(a.dim(0), b.dim(1)),
                new Arguments()
                        .pointer(Launcher.address(a))
                        .i64(a.stride(0))
                        .i64(a.stride(1))
                        .pointer(Launcher.address(b))
                        .i32(DTypeCode.of(b.dtype()))
                        .i64(b.stride(0))
                        .i64(b.stride(1))
                        .pointer(Launcher.address(out))
                        .i32(a.dim(0))
                        .i32(b.dim(1))
                        .i32(a.dim(1))
                        .f32(scale));
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
        matMul(dy.reshape(rows, dy.dim(2)), lora.b(), lora.scale(), low);
        return low;
    }

    private Grid grid(int rows, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.constant(FILE, "product_tile_columns")),
                Grid.blocks(rows, launcher.constant(FILE, "product_tile_rows")));
    }
}
