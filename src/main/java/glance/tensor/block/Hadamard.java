package glance.tensor.block;

/**
 * The rotation of ConvRot (Huang et al., arXiv 2512.03673): in each group of columns a row is
 * multiplied by {@code R}, the Kronecker power of the symmetric {@code H}, with {@code R R = I}.
 *
 * <pre>
 *           1 |  1  1  1 -1 |
 *   H =    -- |  1  1 -1  1 |     (a, b, c, d) H = (h - d, h - c, h - b, h - a)
 *           2 |  1 -1  1  1 |     with h = (a + b + c + d) / 2
 *             | -1  1  1  1 |
 * </pre>
 */
public final class Hadamard {
    private static final int SIDE = 4;

    /** The most columns of a group. */
    public static final int LARGEST = 1024;

    private Hadamard() {}

    /** Whether groups of so many columns can be rotated: a power of 4 up to {@link #LARGEST}. */
    public static boolean isGroup(int columns) {
        return columns >= 1
                && columns <= LARGEST
                && Integer.bitCount(columns) == 1
                && Integer.numberOfTrailingZeros(columns) % 2 == 0;
    }

    /** Rotates {@code count} elements from {@code at} on, which are whole groups; 1 leaves them. */
    public static void rotate(float[] x, int at, int count, int group) {
        for (int apart = 1; apart < group; apart *= SIDE) {
            for (int first = at; first < at + count; first += SIDE * apart) {
                for (int i = first; i < first + apart; i++) {
                    turn(x, i, apart);
                }
            }
        }
    }

    private static void turn(float[] x, int i, int apart) {
        float a = x[i];
        float b = x[i + apart];
        float c = x[i + 2 * apart];
        float d = x[i + 3 * apart];
        float half = 0.5f * ((a + b) + (c + d));
        x[i] = half - d;
        x[i + apart] = half - c;
        x[i + 2 * apart] = half - b;
        x[i + 3 * apart] = half - a;
    }
}
