package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * Launches conv2d.cu, plain arithmetic of any dtype and alignment: a block for a tile of results.
 */
final class Conv2dPlain implements Variant<Op.Conv2d> {
    private static final String FILE = "conv2d";

    private final Launcher launcher;

    Conv2dPlain(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String refuses(Op.Conv2d op) {
        return DTypeCode.of(op.weight().dtype()) >= 0
                ? null
                : "weights of dtype " + op.weight().dtype();
    }

    @Override
    public void run(Op.Conv2d op) {
        try (Operands operands = launcher.operands()) {
            launch(operands, op, operands.activation(op.x()));
        }
    }

    private void launch(Operands operands, Op.Conv2d op, Tensor x) {
        long pixels = (long) op.out().dim(0) * op.out().dim(1) * op.out().dim(2);
        int columns = op.out().dim(3);
        Arguments arguments =
                new Arguments()
                        .pointer(Launcher.address(x))
                        .pointer(Launcher.address(op.weight()))
                        .i32(DTypeCode.of(op.weight().dtype()))
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .pointer(Launcher.address(operands.activation(op.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i64(pixels)
                        .i32(columns);
        launcher.launch(
                FILE,
                FILE + launcher.suffix(),
                Grid.of(
                        Grid.blocks(pixels, launcher.constant(FILE, "conv2d_tile_rows")),
                        Grid.blocks(columns, launcher.constant(FILE, "conv2d_tile_columns"))),
                window(arguments, op, x));
    }

    /** Sizes and window, as conv2d.cu and conv2d_mma.cu take them last. */
    static Arguments window(Arguments arguments, Op.Conv2d op, Tensor x) {
        return arguments
                .i32(x.dim(1))
                .i32(x.dim(2))
                .i32(x.dim(3))
                .i32(op.out().dim(1))
                .i32(op.out().dim(2))
                .i32(op.weight().dim(1))
                .i32(op.weight().dim(2))
                .i32(op.stride())
                .i32(op.padding().top())
                .i32(op.padding().left());
    }
}
