package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches norm.cu: a group of lanes for each row, which holds it in registers where it can. */
final class NormKernels {
    private static final String FILE = "norm";
    private static final int WARP_LANES = 32;

    /** Runs of a lane that there are kernels for which hold as many. */
    private static final int[] HELD = {1, 4, 8, 12, 16, 24};

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
                            .i32(lanes(x.dim(2)))
                            .f32(op.eps())
                            .i32(op.activation().ordinal()));
        }
    }

    void layerNorm(Op.LayerNorm op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            Tensor scale = operands.activation(op.scale());
            Tensor shift = operands.activation(op.shift());
            boolean rounds = op.rounded() != null && roundsHeld(op, x, scale, shift);
            Arguments arguments =
                    new Arguments().pointer(Launcher.address(x)).i64(x.stride(0)).i64(x.stride(1));
            if (!rounds) {
                arguments
                        .pointer(Launcher.address(operands.parameter(op.weight())))
                        .pointer(Launcher.address(operands.parameter(op.bias())));
            }
            arguments
                    .pointer(Launcher.address(scale))
                    .i64(Launcher.sampleStride(scale))
                    .pointer(Launcher.address(shift))
                    .i64(Launcher.sampleStride(shift))
                    .pointer(Launcher.address(op.out()))
                    .i64((long) x.dim(0) * x.dim(1))
                    .i32(x.dim(1))
                    .i32(x.dim(2))
                    .i32(lanes(x.dim(2)))
                    .f32(op.eps());
            if (rounds) {
                arguments
                        .pointer(Launcher.address(op.rounded().q()))
                        .pointer(Launcher.address(op.rounded().scales()));
            }
            launchRows(rounds ? "layer_norm_rounded" : "layer_norm", x, arguments);
            if (op.rounded() != null && !rounds) {
                RoundedRows.write(launcher, op.out(), op.rounded());
            }
        }
    }

    /** Whether the kernel that holds its rows in registers writes them in 8 bits too. */
    private boolean roundsHeld(Op.LayerNorm op, Tensor x, Tensor scale, Tensor shift) {
        return op.weight() == null
                && op.bias() == null
                && scale != null
                && shift != null
                && Packed.isPacked(scale)
                && Packed.isPacked(shift)
                && !held(x).isEmpty();
    }

    private void launchRows(String entry, Tensor x, Arguments arguments) {
        if (x.numel() > 0) {
            long rows = (long) x.dim(0) * x.dim(1);
            int rowsOfBlock = launcher.constant(FILE, "norm_threads") / lanes(x.dim(2));
            Grid grid = Grid.of(Grid.blocks(rows, rowsOfBlock));
            launcher.launch(FILE, entry + held(x) + launcher.suffix(), grid, arguments);
        }
    }

    /** The kernel whose lanes hold the row, as a part of its name; empty if none can. */
    private String held(Tensor x) {
        long runs = Grid.blocks(runs(x.dim(2)), lanes(x.dim(2)));
        for (int most : HELD) {
            if (runs <= most && Packed.isPacked(x)) {
                return "_" + most;
            }
        }
        return "";
    }

    /** Lanes of a warp that share a row: a power of two, as many as the row gives work to. */
    private int lanes(int dim) {
        int lanes = 1;
        while (lanes < WARP_LANES && lanes < runs(dim)) {
            lanes *= 2;
        }
        return lanes;
    }

    private long runs(int dim) {
        return Grid.blocks(dim, launcher.constant(FILE, "norm_elements_each"));
    }
}
