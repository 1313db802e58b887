package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches pointwise.cu. */
final class PointwiseKernels {
    private static final String FILE = "pointwise";

    private final Launcher launcher;

    PointwiseKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void unary(Op.Unary op) {
        try (Operands operands = launcher.operands()) {
            long count = op.out().numel();
            launch(
                    "unary",
                    count,
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.x())))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .i32(op.activation().ordinal()));
        }
    }

    void gatedActivation(Op.GatedActivation op) {
        try (Operands operands = launcher.operands()) {
            long count = op.out().numel();
            launch(
                    "gated_activation",
                    count,
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.gate())))
                            .pointer(Launcher.address(operands.activation(op.up())))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .i32(op.activation().ordinal()));
        }
    }

    void binary(Op.Binary op) {
        try (Operands operands = launcher.operands()) {
            long count = op.out().numel();
            launch(
                    op.kind() == Op.Binary.Kind.ADD ? "add" : "mul",
                    count,
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.a())))
                            .pointer(Launcher.address(operands.activation(op.b())))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .i64(op.b().numel()));
        }
    }

    void gateResidual(Op.GateResidual op) {
        try (Operands operands = launcher.operands()) {
            Tensor gate = operands.activation(op.gate());
            long count = op.out().numel();
            launch(
                    "gate_residual",
                    count,
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.residual())))
                            .pointer(Launcher.address(gate))
                            .pointer(Launcher.address(operands.activation(op.y())))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .i32(op.out().dim(1))
                            .i32(op.out().dim(2))
                            .i64(Launcher.sampleStride(gate)));
        }
    }

    private void launch(String entry, long count, Arguments arguments) {
        long runs = Grid.blocks(count, launcher.constant(FILE, "pointwise_elements_each"));
        launcher.launchElements(FILE, entry + launcher.suffix(), runs, arguments);
    }
}
