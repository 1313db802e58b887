package glance.backend.cpu;

/** Element by element loops on pieces of arrays, simple enough for the JIT to vectorise. */
final class Rows {
    private Rows() {}

    /** {@code y += x}. */
    static void add(float[] x, int xAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    /** {@code y *= x}. */
    static void multiply(float[] x, int xAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] *= x[xAt + i];
        }
    }

    /** {@code y *= scale}. */
    static void scale(float scale, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] *= scale;
        }
    }

    /** {@code y = (x - mean) * scale}. */
    static void normalize(
            float[] x, int xAt, float mean, float scale, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = (x[xAt + i] - mean) * scale;
        }
    }

    /** {@code y = y * (1 + scale) + shift}. */
    static void modulate(
            float[] scale, int scaleAt, float[] shift, int shiftAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = y[yAt + i] * (1 + scale[scaleAt + i]) + shift[shiftAt + i];
        }
    }

    /**
     * {@code to[k, i] = from[i, k]}. Four rows at a time: a loop on one takes twice as long, and
     * vectors gain nothing, since JDK 17 checks each shuffle.
     *
     * @param from [width, length], rows {@code stride} apart; powers of two are slow
     * @param to [length, width] from {@code at}
     */
    static void transpose(float[] from, int stride, int width, int length, float[] to, int at) {
        int i = 0;
        for (; i + 3 < width; i += 4) {
            int a = i * stride;
            int b = a + stride;
            int c = b + stride;
            int d = c + stride;
            for (int k = 0; k < length; k++) {
                int row = at + k * width + i;
                to[row] = from[a + k];
                to[row + 1] = from[b + k];
                to[row + 2] = from[c + k];
                to[row + 3] = from[d + k];
            }
        }
        for (; i < width; i++) {
            for (int k = 0; k < length; k++) {
                to[at + k * width + i] = from[i * stride + k];
            }
        }
    }
}
