package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.Tensor;

/** Launches conv2d.cu. */
final class Conv2dKernel implements Kernel<Op.Conv2d> {
    private static final String FILE = "conv2d";

    private final Launcher launcher;

    Conv2dKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String refuses(Op.Conv2d op) {
        return DTypeCode.of(op.weight().dtype()) >= 0
                ? null
                : "weights of dtype " + op.weight().dtype();
    }

    @Override
    public void run(Op.Conv2d op) {
        if (op.out().numel() == 0) {
            return;
        }
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            Tensor weight = op.weight();
            Tensor out = op.out();
            long pixels = (long) out.dim(0) * out.dim(1) * out.dim(2);
            int columns = out.dim(3);
            launcher.launch(
                    FILE,
                    FILE + launcher.suffix(),
                    Grid.of(
                            Grid.blocks(pixels, launcher.constant(FILE, "conv2d_tile_rows")),
                            Grid.blocks(columns, launcher.constant(FILE, "conv2d_tile_columns"))),
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .pointer(Launcher.address(weight))
                            .i32(DTypeCode.of(weight.dtype()))
                            .pointer(Launcher.address(operands.parameter(op.bias())))
                            .pointer(Launcher.address(operands.activation(op.residual())))
                            .pointer(Launcher.address(out))
                            .i64(pixels)
                            .i32(columns)
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .i32(x.dim(3))
                            .i32(out.dim(1))
                            .i32(out.dim(2))
                            .i32(weight.dim(1))
                            .i32(weight.dim(2))
                            .i32(op.stride())
                            .i32(op.padding().top())
                            .i32(op.padding().left()));
        }
    }
}
