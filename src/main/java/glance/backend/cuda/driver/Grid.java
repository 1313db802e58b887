package glance.backend.cuda.driver;

/** Blocks of a launch in three directions. */
public record Grid(int x, int y, int z) {
    /** A row of blocks. */
    public static Grid of(long x) {
        return of(x, 1, 1);
    }

    /** A rectangle of blocks. */
    public static Grid of(long x, long y) {
        return of(x, y, 1);
    }

    /** A box of blocks. */
    public static Grid of(long x, long y, long z) {
        return new Grid(Math.toIntExact(x), Math.toIntExact(y), Math.toIntExact(z));
    }

    /** Blocks needed for {@code count} items, {@code each} items a block. */
    public static long blocks(long count, int each) {
        return (count + each - 1) / each;
    }

    /** Whether there is nothing to launch. */
    public boolean isEmpty() {
        return x == 0 || y == 0 || z == 0;
    }
}
