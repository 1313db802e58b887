package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** Launches rotate.cu, in the dtype of the result. */
final class RotateKernel implements Kernel<Op.Rotate> {
    private static final String FILE = "rotate";

    private final Launcher launcher;

    RotateKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void run(Op.Rotate op) {
        try (Operands operands = launcher.operands()) {
            DType dtype = op.out().dtype();
            Tensor x =
                    dtype == DType.F32 ? operands.parameter(op.x()) : operands.activation(op.x());
            long count = op.out().numel();
            launcher.launch(
                    FILE,
                    FILE + Launcher.suffix(dtype),
                    Grid.of(Grid.blocks(count, launcher.constant(FILE, "rotate_tile"))),
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .pointer(Launcher.address(op.scales()))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .i32(op.out().dim(-1))
                            .i32(op.group()));
        }
    }
}
