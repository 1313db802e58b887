package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.cuda.driver.Arguments;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches upsample.cu. */
final class UpsampleKernel implements Kernel<Op.UpsampleNearest2x> {
    private final Launcher launcher;

    UpsampleKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void run(Op.UpsampleNearest2x op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            long count = op.out().numel();
            launcher.launchElements(
                    "upsample",
                    "upsample_nearest_2x" + launcher.suffix(),
                    count,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .i32(x.dim(3)));
        }
    }
}
