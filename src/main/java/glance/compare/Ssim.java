package glance.compare;

import java.awt.image.BufferedImage;

/**
 * Structural similarity of 8-bit RGB pictures, 1 for equal ones (Wang, Bovik, Sheikh, Simoncelli,
 * Image quality assessment, IEEE Transactions on Image Processing 13(4), 2004). In a window around
 * each pixel, with means m, variances v and covariance c,
 *
 * <pre>
 *          (2 ma mb + C1) (2 cab + C2)
 * ssim = -------------------------------      C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2
 *        (ma^2 + mb^2 + C1) (va + vb + C2)
 * </pre>
 *
 * weighted by a gaussian of 11 x 11 pixels with standard deviation 1.5. The result is the mean over
 * all windows that lie inside the picture, and over the three channels. Equals {@code
 * structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
 * data_range=255, channel_axis=-1)} of scikit-image, which leaves out the same border.
 */
public final class Ssim {
    private static final int WINDOW = 11;
    private static final double SIGMA = 1.5;
    private static final double C1 = 0.01 * 255 * 0.01 * 255;
    private static final double C2 = 0.03 * 255 * 0.03 * 255;
    private static final double[] GAUSSIAN = gaussian();

    private Ssim() {}

    private static double[] gaussian() {
        double[] weights = new double[WINDOW];
        double sum = 0;
        for (int i = 0; i < WINDOW; i++) {
            double x = i - WINDOW / 2;
            weights[i] = Math.exp(-x * x / (2 * SIGMA * SIGMA));
            sum += weights[i];
        }
        for (int i = 0; i < WINDOW; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    /**
     * The similarity of two pictures.
     *
     * @throws IllegalArgumentException if their sizes differ or are below 11 x 11
     */
    public static double of(BufferedImage a, BufferedImage b) {
        Channels.requireSameSize(a, b);
        int width = a.getWidth();
        if (Math.min(width, a.getHeight()) < WINDOW) {
            throw new IllegalArgumentException(
                    "ssim: pictures must be at least 11 x 11 pixels, got "
                            + width
                            + " x "
                            + a.getHeight());
        }
        double[][] first = Channels.rgb(a);
        double[][] second = Channels.rgb(b);
        double sum = 0;
        for (int c = 0; c < first.length; c++) {
            sum += ofChannel(first[c], second[c], width);
        }
        return sum / first.length;
    }

    private static double ofChannel(double[] a, double[] b, int width) {
        double[] meanA = blur(a, width);
        double[] meanB = blur(b, width);
        double[] squareA = blur(product(a, a), width);
        double[] squareB = blur(product(b, b), width);
        double[] cross = blur(product(a, b), width);
        double sum = 0;
        for (int i = 0; i < meanA.length; i++) {
            double varianceA = squareA[i] - meanA[i] * meanA[i];
            double varianceB = squareB[i] - meanB[i] * meanB[i];
            double covariance = cross[i] - meanA[i] * meanB[i];
            sum +=
                    (2 * meanA[i] * meanB[i] + C1)
                            * (2 * covariance + C2)
                            / ((meanA[i] * meanA[i] + meanB[i] * meanB[i] + C1)
                                    * (varianceA + varianceB + C2));
        }
        return sum / meanA.length;
    }

    private static double[] product(double[] a, double[] b) {
        double[] result = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            result[i] = a[i] * b[i];
        }
        return result;
    }

    /** Weighted means of the windows inside; rows first, then columns. */
    private static double[] blur(double[] values, int width) {
        int height = values.length / width;
        int innerWidth = width - WINDOW + 1;
        int innerHeight = height - WINDOW + 1;
        double[] rows = new double[innerWidth * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < innerWidth; x++) {
                for (int k = 0; k < WINDOW; k++) {
                    rows[y * innerWidth + x] += GAUSSIAN[k] * values[y * width + x + k];
                }
            }
        }
        double[] result = new double[innerWidth * innerHeight];
        for (int y = 0; y < innerHeight; y++) {
            for (int x = 0; x < innerWidth; x++) {
                for (int k = 0; k < WINDOW; k++) {
                    result[y * innerWidth + x] += GAUSSIAN[k] * rows[(y + k) * innerWidth + x];
                }
            }
        }
        return result;
    }
}
