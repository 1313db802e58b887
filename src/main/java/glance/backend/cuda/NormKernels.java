package glance.backend.cuda;

import glance.backend.Op;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.Tensor;

/** Launches norm.cu: a warp for each row. */
final class NormKernels {
    private static final String FILE = "norm";

    private final Launcher launcher;

    NormKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void rmsNorm(Op.RmsNorm op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            launchRows(
                    "rms_norm",
                    x,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .i64(x.stride(0))
                            .i64(x.stride(1))
                            .pointer(Launcher.address(operands.parameter(op.weight())))
                            .pointer(Launcher.address(op.out()))
                            .i64((long) x.dim(0) * x.dim(1))
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .f32(op.eps())
                            .i32(op.activation().ordinal()));
        }
    }

    void layerNorm(Op.LayerNorm op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            Tensor scale = operands.activation(op.scale());
            Tensor shift = operands.activation(op.shift());
            launchRows(
                    "layer_norm",
                    x,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .i64(x.stride(0))
                            .i64(x.stride(1))
                            .pointer(Launcher.address(operands.parameter(op.weight())))
                            .pointer(Launcher.address(operands.parameter(op.bias())))
                            .pointer(Launcher.address(scale))
                            .i64(Launcher.sampleStride(scale))
                            .pointer(Launcher.address(shift))
                            .i64(Launcher.sampleStride(shift))
                            .pointer(Launcher.address(op.out()))
                            .i64((long) x.dim(0) * x.dim(1))
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .f32(op.eps()));
        }
    }

    private void launchRows(String entry, Tensor x, Arguments arguments) {
        if (x.numel() > 0) {
            String name = entry + launcher.suffix();
            long rows = (long) x.dim(0) * x.dim(1);
            long blocks = Grid.blocks(rows, launcher.warps(FILE, name));
            launcher.launch(FILE, name, Grid.of(blocks), arguments);
        }
    }
}
