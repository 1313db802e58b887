package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches upsample.cu. */
final class UpsampleKernel implements Kernel<Op.UpsampleNearest2x> {
    private static final String FILE = "upsample";
    private static final int MOST_BLOCKS_DOWN = 65_535; // of any GPU

    private final Launcher launcher;

    UpsampleKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void run(Op.UpsampleNearest2x op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            String entry = "upsample_nearest_2x" + launcher.suffix();
            int rows = Math.multiplyExact(x.dim(0), op.out().dim(1));
            long rowElements = (long) op.out().dim(2) * x.dim(3);
            int ofBlock =
                    launcher.function(FILE, entry).maxThreads()
                            * launcher.constant(FILE, "upsample_elements_each");
            launcher.launch(
                    FILE,
                    entry,
                    Grid.of(Grid.blocks(rowElements, ofBlock), Math.min(rows, MOST_BLOCKS_DOWN)),
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .pointer(Launcher.address(op.out()))
                            .i32(rows)
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .i32(x.dim(3)));
        }
    }
}
