package glance.backend.cuda;

import glance.backend.cuda.driver.Grid;

/**
 * Tiles of S that the launch of a product makes before those of its results: struct Low of
 * kernels/linear_wgmma.cu. A tile has four parts, and each product room for whole parts.
 *
 * @param room for the columns of a product, a power of two
 * @param columns of a tile
 * @param each tiles of a band of rows
 */
record LowTiles(int room, int columns, int each) {
    private static final int LARGE = 128;
    private static final int SMALL = 64;
    private static final int PARTS = 4;
    private static final LowTiles NONE = new LowTiles(LARGE, LARGE, 0);

    /** The tiles of some products; null for none. */
    static LowTiles of(LowRows low) {
        if (low == null) {
            return NONE;
        }
        int room = Math.max(SMALL / PARTS, Integer.highestOneBit(2 * low.width() - 1));
        int all = low.products().size() * room;
        int columns = all <= SMALL ? SMALL : LARGE;
        return new LowTiles(room, columns, Math.toIntExact(Grid.blocks(all, columns)));
    }

    /** Columns of a part. */
    int part() {
        return columns / PARTS;
    }
}
