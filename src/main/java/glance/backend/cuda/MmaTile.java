package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;

/**
 * A tile of kernels/include/mma_tile.cuh as a kernel file exports it.
 *
 * @param size rows, and also columns
 * @param sharedBytes shared memory of a block
 */
record MmaTile(String file, int size, int sharedBytes) {
    /**
     * @param name of the tile in the file: large, small or thin
     */
    static MmaTile of(Launcher launcher, String file, String name) {
        String prefix = file + "_" + name;
        return new MmaTile(
                file,
                launcher.constant(file, prefix + "_tile"),
                launcher.constant(file, prefix + "_shared"));
    }

    /** The tile for results [rows, columns]: large, unless it leaves multiprocessors idle. */
    static MmaTile fitting(Launcher launcher, String file, int rows, int columns) {
        MmaTile large = of(launcher, file, "large");
        boolean fills = large.blocks(rows, columns) >= launcher.gpu().multiprocessors();
        boolean halfEmpty = columns <= large.size / 2;
        return fills && !halfEmpty ? large : of(launcher, file, "small");
    }

    /** Queues a block for each tile of the results; the entry point without its compute type. */
    void launch(Launcher launcher, String entry, int rows, int columns, Arguments arguments) {
        Grid grid = Grid.of(blocks(rows, columns));
        launcher.launch(file, entry + launcher.suffix(), grid, sharedBytes, arguments);
    }

    private long blocks(int rows, int columns) {
        return Grid.blocks(rows, size) * Grid.blocks(columns, size);
    }
}
