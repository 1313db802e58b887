package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.LowRank;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches product.cu: the gradients of a linear product in F32. {@code S = scale dy B} is made
 * once, for {@code dx = dy W + S A} and for {@code da = S^T x}.
 */
final class LinearGradPlain implements Variant<TrainingOp.LinearGrad> {
    private static final String FILE = "product";

    private final Launcher launcher;

    LinearGradPlain(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String refuses(TrainingOp.LinearGrad op) {
        return launcher.computeType() == DType.F32 ? null : "computes in f32 alone";
    }

    @Override
    public long workspaceBytes(TrainingOp.LinearGrad op) {
        LowRank lora = op.lora();
        long low =
                lora == null
                        ? 0
                        : (long) Float.BYTES * op.dy().dim(0) * op.dy().dim(1) * lora.rank();
        return low + Operands.weightBytes(DType.F32, op.forward().weight());
    }

    @Override
    public void run(TrainingOp.LinearGrad op) {
        LowRank lora = op.lora();
        Tensor dy = op.dy().reshape(op.dy().dim(0) * op.dy().dim(1), op.dy().dim(2));
        try (Operands operands = launcher.operands()) {
            Tensor low = null;
            if (lora != null) {
                low = operands.scratch(DType.F32, Shape.of(dy.dim(0), lora.a().dim(0)));
                matMul(dy, lora.b(), lora, low);
            }
            if (op.dx() != null) {
                input(dy, operands.weight(op.forward().weight()), low, lora, op.dx());
            }
            if (op.da() != null) {
                Tensor x = op.forward().x().reshape(dy.dim(0), op.forward().weight().dim(1));
                matMul(low.permute(1, 0), x, null, op.da());
                matMul(x, lora.a().permute(1, 0), lora, low);
                matMul(dy.permute(1, 0), low, null, op.db());
            }
        }
    }

    /**
     * {@code out = a b}; a F32, b of any float dtype, either with any strides.
     *
     * @param lora whose scales the result's columns are multiplied by, or null
     */
    private void matMul(Tensor a, Tensor b, LowRank lora, Tensor out) {
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
                        .f32(lora == null ? 1 : lora.scale())
                        .pointer(lora == null ? 0 : Launcher.address(lora.scales())));
    }

    private void input(Tensor dy, Tensor weight, Tensor low, LowRank lora, Tensor out) {
        int in = weight.dim(1);
        launcher.launch(
                FILE,
                "linear_input_f32",
                grid(dy.dim(0), in),
                new Arguments()
                        .pointer(Launcher.address(dy))
                        .pointer(Launcher.address(weight))
                        .i32(DTypeCode.of(weight.dtype()))
                        .pointer(Launcher.address(low))
                        .pointer(lora == null ? 0 : Launcher.address(lora.a()))
                        .i32(lora == null ? 0 : DTypeCode.of(lora.a().dtype()))
                        .i32(lora == null ? 0 : lora.a().dim(0))
                        .pointer(Launcher.address(out))
                        .i32(dy.dim(0))
                        .i32(weight.dim(0))
                        .i32(in));
    }

    private Grid grid(int rows, int columns) {
        return Grid.of(
                Grid.blocks(columns, launcher.constant(FILE, "product_tile_columns")),
                Grid.blocks(rows, launcher.constant(FILE, "product_tile_rows")));
    }
}
