package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launches group_norm.cu: sums of each row of pixels, statistics of these, and the norm. */
final class GroupNormKernels {
    private static final String FILE = "group_norm";

    /** Two F64 sums. */
    private static final int SUMS_BYTES = 16;

    private final Launcher launcher;

    GroupNormKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void statistics(Op.GroupStatistics op) {
        int batch = op.out().dim(0);
        int groups = op.out().dim(1);
        Tensor picture = op.parts().get(0);
        int rows = op.parts().stream().mapToInt(part -> part.dim(1)).sum();
        long perGroup = picture.dim(3) / groups;
        try (Operands operands = launcher.operands()) {
            Shape shape = Shape.of(batch, rows, groups, SUMS_BYTES / DType.F32.bytes());
            Tensor sums = operands.scratch(DType.F32, shape);
            int firstRow = 0;
            for (Tensor part : op.parts()) {
                rowSums(operands.activation(part), sums, firstRow);
                firstRow += part.dim(1);
            }
            launcher.launch(
                    FILE,
                    "group_statistics",
                    Grid.of(
                            Grid.blocks(
                                    (long) batch * groups,
                                    launcher.warps(FILE, "group_statistics"))),
                    new Arguments()
                            .pointer(Launcher.address(sums))
                            .pointer(Launcher.address(op.out()))
                            .i32(batch * groups)
                            .i32(groups)
                            .i32(rows)
                            .i64((long) rows * picture.dim(2) * perGroup)
                            .f32(op.eps()));
        }
    }

    private void rowSums(Tensor part, Tensor sums, int firstRow) {
        String entry = "group_sums" + launcher.suffix();
        int channels = part.dim(3);
        int slots = lanes(entry, channels) * channels;
        launcher.launch(
                FILE,
                entry,
                Grid.of(part.dim(1), part.dim(0)),
                slots * SUMS_BYTES,
                new Arguments()
                        .pointer(Launcher.address(part))
                        .pointer(Launcher.address(sums))
                        .i32(part.dim(2))
                        .i32(channels)
                        .i32(sums.dim(2))
                        .i32(firstRow)
                        .i32(sums.dim(1)));
    }

    void norm(Op.GroupNorm op) {
        String entry = "group_norm" + launcher.suffix();
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            int pixels = x.dim(1) * x.dim(2);
            // as if without vectors, which take more pixels a block: blocks too many end at once
            int each = lanes(entry, x.dim(3)) * launcher.constant(FILE, "group_norm_pixels_each");
            launcher.launch(
                    FILE,
                    entry,
                    Grid.of(Grid.blocks(pixels, each), x.dim(0)),
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .pointer(Launcher.address(op.statistics()))
                            .pointer(Launcher.address(operands.parameter(op.weight())))
                            .pointer(Launcher.address(operands.parameter(op.bias())))
                            .pointer(Launcher.address(op.out()))
                            .i32(pixels)
                            .i32(x.dim(3))
                            .i32(op.statistics().dim(1))
                            .i32(op.activation().ordinal()));
        }
    }

    /** Threads of a block that take different pixels of the same channel. */
    private int lanes(String entry, int channels) {
        return Math.max(1, launcher.function(FILE, entry).maxThreads() / channels);
    }
}
