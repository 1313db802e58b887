package glance.backend.cuda;

import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.Grid;

/**
 * A tile of results [rows, columns] of kernels that have one block on each multiprocessor, which
 * makes tile after tile. A tile does not reach from sample to sample.
 *
 * @param together blocks of a cluster, which make tiles of the same columns in neighbouring bands
 *     of rows; the last of them may be beyond the last row
 */
record PersistentTile(int rows, int columns, int together) {
    PersistentTile(int rows, int columns) {
        this(rows, columns, 1);
    }

    /** What a tile costs beside its products, in results: an estimate. */
    private static final int COST = 2048;

    /** The tile with which the multiprocessors are done first. */
    static PersistentTile fastest(
            Gpu gpu, Samples samples, int columns, PersistentTile large, PersistentTile small) {
        return large.cost(gpu, samples, columns) <= small.cost(gpu, samples, columns)
                ? large
                : small;
    }

    /** It in clusters of two blocks, if there are two bands and the walk is not longer. */
    PersistentTile inPairs(Gpu gpu, Samples samples, int width) {
        PersistentTile pairs = new PersistentTile(rows, columns, 2);
        if (bands(samples) == 1 || pairs.mostClusters(gpu) == 0) {
            return this;
        }
        boolean longer = pairs.waves(gpu, samples, width, 0) > waves(gpu, samples, width, 0);
        return longer ? this : pairs;
    }

    /** Columns of the right side that a block copies, for all blocks of its cluster. */
    int copiedColumns() {
        return columns / together;
    }

    private long cost(Gpu gpu, Samples samples, int width) {
        return waves(gpu, samples, width, 0) * ((long) rows * columns + COST);
    }

    /** Tiles that a block makes at most. */
    private long waves(Gpu gpu, Samples samples, int width, int others) {
        return Grid.blocks(clusters(samples, width, others), mostClusters(gpu));
    }

    private int mostClusters(Gpu gpu) {
        return gpu.multiprocessors() / together;
    }

    /**
     * Whether other tiles, so many for each band of rows, fit into the walk without making it
     * longer.
     */
    boolean hasRoomFor(Gpu gpu, Samples samples, int width, int others) {
        return waves(gpu, samples, width, others) == waves(gpu, samples, width, 0);
    }

    /** Whether at least half of the multiprocessors get a tile. */
    boolean occupies(Gpu gpu, Samples samples, int width) {
        return 2 * together * clusters(samples, width, 0) >= gpu.multiprocessors();
    }

    /**
     * A block for each multiprocessor that gets a tile.
     *
     * @param others tiles beside those of the results, for each band of rows
     */
    Grid grid(Gpu gpu, Samples samples, int width, int others) {
        return Grid.of(together * Math.min(clusters(samples, width, others), mostClusters(gpu)));
    }

    /** Bands of as many rows as a tile has. */
    long bands(Samples samples) {
        return samples.count() * Grid.blocks(samples.rows(), rows);
    }

    /** Tiles that clusters make together, of results that are so many columns wide. */
    private long clusters(Samples samples, int width, int others) {
        return Grid.blocks(bands(samples), together) * (Grid.blocks(width, columns) + others);
    }
}
