package glance.io;

import java.awt.image.BufferedImage;

/**
 * Scaling of pictures with Lanczos' filter of three lobes, widened when a picture becomes smaller,
 * so that what is left out does not show as noise:
 *
 * <pre>
 * f(x) = sinc(x) sinc(x / 3) for |x| &lt; 3,  sinc(x) = sin(pi x) / (pi x)
 * out(i) = sum_j w(j) in(j),  w(j) ~ f((j + 1/2 - c) / s),  c = (i + 1/2) ratio,  s = max(1, ratio)
 * </pre>
 *
 * Equals LANCZOS of Pillow, which the paper's training uses, to one level of 255. Our own, because
 * the resampling of the image libraries at hand is off by up to half an input pixel.
 */
public final class Lanczos {
    private static final int LOBES = 3;
    private static final int CHANNELS = 3;

    private Lanczos() {}

    /** The picture at another size, in red, green and blue. */
    public static BufferedImage scale(BufferedImage picture, int width, int height) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        float[] wide = alongRows(channels(picture), h, w, width);
        float[] done = transposed(wide, h, width);
        done = transposed(alongRows(done, width, h, height), width, height);
        BufferedImage result = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            int rgb = 0;
            for (int c = 0; c < CHANNELS; c++) {
                rgb = rgb << 8 | Math.round(done[i * CHANNELS + c]);
            }
            result.setRGB(i % width, i / width, rgb);
        }
        return result;
    }

    private static float[] channels(BufferedImage picture) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        float[] values = new float[w * h * CHANNELS];
        int at = 0;
        for (int rgb : picture.getRGB(0, 0, w, h, null, 0, w)) {
            values[at++] = rgb >> 16 & 0xff;
            values[at++] = rgb >> 8 & 0xff;
            values[at++] = rgb & 0xff;
        }
        return values;
    }

    /** [rows, from, 3] to [rows, to, 3], in whole levels as in the files. */
    private static float[] alongRows(float[] in, int rows, int from, int to) {
        double ratio = (double) from / to;
        double stretch = Math.max(1, ratio);
        float[] out = new float[rows * to * CHANNELS];
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * ratio;
            int first = Math.max(0, (int) Math.floor(centre - LOBES * stretch + 0.5));
            int end = Math.min(from, (int) Math.floor(centre + LOBES * stretch + 0.5));
            float[] weights = weights(first, end, centre, stretch);
            for (int row = 0; row < rows; row++) {
                for (int c = 0; c < CHANNELS; c++) {
                    float sum = 0;
                    for (int j = first; j < end; j++) {
                        sum += weights[j - first] * in[(row * from + j) * CHANNELS + c];
                    }
                    out[(row * to + i) * CHANNELS + c] =
                            Math.round(Math.min(255, Math.max(0, sum)));
                }
            }
        }
        return out;
    }

    private static float[] weights(int first, int end, double centre, double stretch) {
        double[] raw = new double[end - first];
        double sum = 0;
        for (int j = 0; j < raw.length; j++) {
            raw[j] = filter((first + j + 0.5 - centre) / stretch);
            sum += raw[j];
        }
        float[] weights = new float[raw.length];
        for (int j = 0; j < raw.length; j++) {
            weights[j] = (float) (raw[j] / sum);
        }
        return weights;
    }

    private static double filter(double x) {
        return Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    }

    /** [rows, columns, 3] to [columns, rows, 3]. */
    private static float[] transposed(float[] in, int rows, int columns) {
        float[] out = new float[in.length];
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
