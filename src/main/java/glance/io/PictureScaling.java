package glance.io;

import java.awt.image.BufferedImage;
import java.util.function.DoubleUnaryOperator;

/**
 * Scaling of pictures by a filter, widened when a picture becomes smaller, so that what is left out
 * does not show as noise:
 *
 * <pre>
 * out(i) = sum_j w(j) in(j),  w(j) ~ f((j + 1/2 - c) / s),  c = (i + 1/2) ratio,  s = max(1, ratio)
 * </pre>
 *
 * First along the rows, then along the columns, with whole levels of 0 to 255 in between. Equals
 * Image.resize of Pillow to the bit, which the reference implementations use: weights are rounded
 * to multiples of 2^-22, and sums to the nearest level. Our own, because the resampling of the
 * image libraries at hand is off by up to half an input pixel.
 */
public enum PictureScaling {
    /**
     * Three lobes: {@code sinc(x) sinc(x / 3)} for {@code |x| < 3}, {@code sinc(x) = sin(pi x) /
     * (pi x)}.
     */
    LANCZOS(3, x -> Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0),

    /** The cubic of Keys (1981) with a = -1/2. */
    BICUBIC(2, PictureScaling::cubic);

    /** Weights are fixed-point numbers with so many bits behind the point. */
    private static final int BITS = 22;

    private static final int CHANNELS = 3;

    private final int support;
    private final DoubleUnaryOperator filter;

    PictureScaling(int support, DoubleUnaryOperator filter) {
        this.support = support;
        this.filter = filter;
    }

    /** The picture at another size, in red, green and blue. */
    public BufferedImage scale(BufferedImage picture, int width, int height) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        byte[] wide = alongRows(channels(picture), h, w, width);
        byte[] done = transposed(wide, h, width);
        done = transposed(alongRows(done, width, h, height), width, height);
        int[] rgb = new int[width * height];
        for (int i = 0; i < rgb.length; i++) {
            int at = i * CHANNELS;
            rgb[i] = (done[at] & 0xff) << 16 | (done[at + 1] & 0xff) << 8 | done[at + 2] & 0xff;
        }
        BufferedImage result = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        result.setRGB(0, 0, width, height, rgb, 0, width);
        return result;
    }

    private static byte[] channels(BufferedImage picture) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        byte[] values = new byte[w * h * CHANNELS];
        int at = 0;
        for (int rgb : picture.getRGB(0, 0, w, h, null, 0, w)) {
            values[at++] = (byte) (rgb >> 16);
            values[at++] = (byte) (rgb >> 8);
            values[at++] = (byte) rgb;
        }
        return values;
    }

    /** [rows, from, 3] to [rows, to, 3]. */
    private byte[] alongRows(byte[] in, int rows, int from, int to) {
        if (from == to) {
            return in;
        }
        double ratio = (double) from / to;
        double stretch = Math.max(1, ratio);
        byte[] out = new byte[rows * to * CHANNELS];
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * ratio;
            int first = Math.max(0, (int) Math.floor(centre - support * stretch + 0.5));
            int end = Math.min(from, (int) Math.floor(centre + support * stretch + 0.5));
            int[] weights = weights(first, end, centre, stretch);
            for (int row = 0; row < rows; row++) {
                for (int c = 0; c < CHANNELS; c++) {
                    int sum = 1 << BITS - 1; // a half, so that it is rounded
                    int at = (row * from + first) * CHANNELS + c;
                    for (int weight : weights) {
                        sum += weight * (in[at] & 0xff);
                        at += CHANNELS;
                    }
                    int level = Math.min(255, Math.max(0, sum >> BITS));
                    out[(row * to + i) * CHANNELS + c] = (byte) level;
                }
            }
        }
        return out;
    }

    private int[] weights(int first, int end, double centre, double stretch) {
        double[] raw = new double[end - first];
        double sum = 0;
        for (int j = 0; j < raw.length; j++) {
            raw[j] = filter.applyAsDouble((first + j - centre + 0.5) * (1 / stretch));
            sum += raw[j];
        }
        int[] weights = new int[raw.length];
        for (int j = 0; j < raw.length; j++) {
            double weight = raw[j] / sum * (1 << BITS);
            weights[j] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
        }
        return weights;
    }

    private static double sinc(double x) {
        double turn = Math.PI * x;
        return x == 0 ? 1 : Math.sin(turn) / turn;
    }

    private static double cubic(double at) {
        double x = Math.abs(at);
        if (x < 1) {
            return (1.5 * x - 2.5) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    }

    /** [rows, columns, 3] to [columns, rows, 3]. */
    private static byte[] transposed(byte[] in, int rows, int columns) {
        byte[] out = new byte[in.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                for (int c = 0; c < CHANNELS; c++) {
                    out[(column * rows + row) * CHANNELS + c] =
                            in[(row * columns + column) * CHANNELS + c];
                }
            }
        }
        return out;
    }
}
