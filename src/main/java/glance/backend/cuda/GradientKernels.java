package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.TrainingOp;
import glance.tensor.Tensor;

/** Launches gradients.cu. */
final class GradientKernels {
    private static final String FILE = "gradients";

    private final Launcher launcher;

    GradientKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void fill(TrainingOp.Fill op) {
        long count = op.out().numel();
        launch(
                "fill",
                op.out(),
                new Arguments().pointer(Launcher.address(op.out())).i64(count).f32(op.value()));
    }

    void accumulate(TrainingOp.Accumulate op) {
        Tensor x = op.x();
        Tensor out = op.out();
        if (out.numel() > 0) {
            boolean packed = x.isContiguous() && out.isContiguous();
            launch(
                    "accumulate",
                    out,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .i32(DTypeCode.of(x.dtype()))
                            .pointer(Launcher.address(out))
                            .i64(out.numel())
                            .i32(packed ? 1 : 0)
                            .struct(CopyKernel.layoutStruct(x, out)));
        }
    }

    void activation(TrainingOp.ActivationGrad op) {
        try (Operands operands = launcher.operands()) {
            launch(
                    "activation_grad",
                    op.out(),
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.x())))
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(op.out()))
                            .i64(op.out().numel())
                            .i32(op.activation().ordinal()));
        }
    }

    private void launch(String entry, Tensor out, Arguments arguments) {
        launcher.launchElements(FILE, entry + Launcher.suffix(out.dtype()), out.numel(), arguments);
    }
}
