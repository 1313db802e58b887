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
}
