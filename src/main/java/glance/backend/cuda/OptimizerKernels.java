package glance.backend.cuda;

import glance.backend.AdamWSettings;
import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launches optimizer.cu. */
final class OptimizerKernels {
    private static final String FILE = "optimizer";

    private final Launcher launcher;

    OptimizerKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void meanSquaredError(TrainingOp.MseLoss op) {
        launcher.launch(
                FILE,
                "mse_loss_f32",
                Grid.of(1),
                new Arguments()
                        .pointer(Launcher.address(op.prediction()))
                        .pointer(Launcher.address(op.target()))
                        .pointer(Launcher.address(op.gradient()))
                        .pointer(Launcher.address(op.out()))
                        .i64(op.prediction().numel()));
    }

    void globalNorm(TrainingOp.GlobalNorm op) {
        int count = op.tensors().size();
        try (Operands operands = launcher.operands()) {
            // one 8-byte slot for each tensor
            Tensor slots = operands.scratch(DType.I64, Shape.of(count));
            for (int i = 0; i < count; i++) {
                Tensor x = op.tensors().get(i);
                launcher.launch(
                        FILE,
                        "sum_squares_f32",
                        Grid.of(1),
                        new Arguments()
                                .pointer(Launcher.address(x))
                                .i64(x.numel())
                                .pointer(Launcher.address(slots) + (long) Double.BYTES * i));
            }
            launcher.launch(
                    FILE,
                    "root_of_sum_f32",
                    Grid.of(1),
                    new Arguments()
                            .pointer(Launcher.address(slots))
                            .i32(count)
                            .pointer(Launcher.address(op.out())));
        }
    }

    void adamW(TrainingOp.AdamW op) {
        AdamWSettings settings = op.settings();
        double correction1 = 1 - Math.pow(settings.beta1(), op.step());
        double correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), op.step()));
        for (int i = 0; i < op.parameters().size(); i++) {
            long count = op.parameters().get(i).numel();
            launcher.launchElements(
                    FILE,
                    "adamw_f32",
                    count,
                    new Arguments()
                            .pointer(Launcher.address(op.parameters().get(i)))
                            .pointer(Launcher.address(op.gradients().get(i)))
                            .pointer(Launcher.address(op.firstMoments().get(i)))
                            .pointer(Launcher.address(op.secondMoments().get(i)))
                            .i64(count)
                            .f32(op.clip())
                            .f32(settings.beta1())
                            .f32(settings.beta2())
                            .f32(settings.eps())
                            .f32(1 - op.learningRate() * settings.weightDecay())
                            .f32((float) (op.learningRate() / correction1))
                            .f32((float) correction2));
        }
    }
}
