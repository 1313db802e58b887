package glance.backend.cuda;

import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.Grid;

/**
 * A tile of results [rows, columns] of kernels that have one block on each multiprocessor, which
 * makes tile after tile. A tile does not reach from sample to sample.
 */
record PersistentTile(int rows, int columns) {
    /** What a tile costs beside its products, in results: an estimate. */
    private static final int COST = 2048;

    /** The tile with which the multiprocessors are done first. */
    static PersistentTile fastest(
            Gpu gpu, Samples samples, int columns, PersistentTile large, PersistentTile small) {
        return large.cost(gpu, samples, columns) <= small.cost(gpu, samples, columns)
                ? large
                : small;
    }

    private long cost(Gpu gpu, Samples samples, int width) {
        long waves = Grid.blocks(count(samples, width), gpu.multiprocessors());
        return waves * ((long) rows * columns + COST);
    }

    /** Whether at least half of the multiprocessors get a tile. */
    boolean occupies(Gpu gpu, Samples samples, int width) {
        return 2 * count(samples, width) >= gpu.multiprocessors();
    }

    /** A block for each multiprocessor that gets a tile. */
    Grid grid(Gpu gpu, Samples samples, int width) {
        return Grid.of(Math.min(count(samples, width), gpu.multiprocessors()));
    }

    /** Tiles of results that are so many columns wide. */
    private long count(Samples samples, int width) {
        return samples.count() * Grid.blocks(samples.rows(), rows) * Grid.blocks(width, columns);
    }
}
