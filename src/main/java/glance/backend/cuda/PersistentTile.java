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
        return waves(gpu, count(samples, width)) * ((long) rows * columns + COST);
    }

    private static long waves(Gpu gpu, long tiles) {
        return Grid.blocks(tiles, gpu.multiprocessors());
    }

    /**
     * Whether other tiles, so many for each band of rows, fit into the walk without making it
     * longer.
     */
    boolean hasRoomFor(Gpu gpu, Samples samples, int width, int others) {
        long tiles = count(samples, width);
        return waves(gpu, tiles + others * bands(samples)) == waves(gpu, tiles);
    }

    /** Whether at least half of the multiprocessors get a tile. */
    boolean occupies(Gpu gpu, Samples samples, int width) {
        return 2 * count(samples, width) >= gpu.multiprocessors();
    }

    /**
     * A block for each multiprocessor that gets a tile.
     *
     * @param others tiles beside those of the results, for each band of rows
     */
    Grid grid(Gpu gpu, Samples samples, int width, int others) {
        long tiles = count(samples, width) + others * bands(samples);
        return Grid.of(Math.min(tiles, gpu.multiprocessors()));
    }

    /** Bands of as many rows as a tile has. */
    long bands(Samples samples) {
        return samples.count() * Grid.blocks(samples.rows(), rows);
    }

    /** Tiles of results that are so many columns wide. */
    private long count(Samples samples, int width) {
        return bands(samples) * Grid.blocks(width, columns);
    }
}
