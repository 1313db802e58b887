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
        return fitting(launcher, file, Shares.of(null, rows), columns);
    }

    /** The same where a tile has rows of one share. */
    static MmaTile fitting(Launcher launcher, String file, Shares shares, int columns) {
        MmaTile large = of(launcher, file, "large");
        boolean fills = large.blocks(shares, columns) >= launcher.gpu().multiprocessors();
        boolean several = shares.of().size() > 1;
        boolean halfEmpty = columns <= large.size / 2 || several && shares.rows() <= large.size / 2;
        return fills && !halfEmpty ? large : of(launcher, file, "small");
    }

    /** Queues a block for each tile of the results; the entry point without its compute type. */
    void launch(Launcher launcher, String entry, int rows, int columns, Arguments arguments) {
        launch(launcher, entry, Shares.of(null, rows), columns, arguments);
    }

    /** The same where a tile has rows of one share. */
    void launch(Launcher launcher, String entry, Shares shares, int columns, Arguments arguments) {
        Grid grid = Grid.of(blocks(shares, columns));
        launcher.launch(file, entry + launcher.suffix(), grid, sharedBytes, arguments);
    }

    private long blocks(Shares shares, int columns) {
        return shares.tiles(size) * Grid.blocks(columns, size);
    }
}
