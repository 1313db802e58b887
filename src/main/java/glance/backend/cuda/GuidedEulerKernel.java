package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches guided_euler.cu: a warp for each token; with a limit, a block for each sample. */
final class GuidedEulerKernel implements Kernel<Op.GuidedEuler> {
    private static final String FILE = "guided_euler";

    private final Launcher launcher;

    GuidedEulerKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void run(Op.GuidedEuler op) {
        if (op.out().numel() == 0) {
            return;
        }
        try (Operands operands = launcher.operands()) {
            Tensor latents = operands.activation(op.latents());
            if (op.negative() != null && op.limit() > 0) {
                limited(op, operands, latents);
                return;
            }
            String entry = FILE + launcher.suffix();
            long tokens = (long) latents.dim(0) * latents.dim(1);
            launcher.launch(
                    FILE,
                    entry,
                    Grid.of(Grid.blocks(tokens, launcher.warps(FILE, entry))),
                    new Arguments()
                            .pointer(Launcher.address(latents))
                            .pointer(Launcher.address(operands.activation(op.velocity())))
                            .pointer(Launcher.address(operands.activation(op.negative())))
                            .f32(op.guidance())
                            .i32(op.rescale() ? 1 : 0)
                            .f32(op.dt())
                            .pointer(Launcher.address(op.out()))
                            .i64(tokens)
                            .i32(latents.dim(2)));
        }
    }

    private void limited(Op.GuidedEuler op, Operands operands, Tensor latents) {
        launcher.launch(
                FILE,
                FILE + "_limited" + launcher.suffix(),
                Grid.of(latents.dim(0)),
                new Arguments()
                        .pointer(Launcher.address(latents))
                        .pointer(Launcher.address(operands.activation(op.velocity())))
                        .pointer(Launcher.address(operands.activation(op.negative())))
                        .f32(op.guidance())
                        .f32(op.limit())
                        .f32(op.dt())
                        .pointer(Launcher.address(op.out()))
                        .i64((long) latents.dim(1) * latents.dim(2)));
    }
}
