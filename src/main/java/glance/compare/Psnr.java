package glance.compare;

import java.awt.image.BufferedImage;

/**
 * Peak signal-to-noise ratio of 8-bit RGB pictures, in decibels:
 *
 * <pre>
 * 10 log10(255^2 / mean over pixels and channels of (a - b)^2)
 * </pre>
 *
 * Infinite for equal pictures.
 */
public final class Psnr {
    private Psnr() {}

    /**
     * The ratio of two pictures.
     *
     * @throws IllegalArgumentException if their sizes differ
     */
    public static double of(BufferedImage a, BufferedImage b) {
        double[][] first = Channels.rgb(a);
        double[][] second = Channels.rgb(b);
        Channels.requireSameSize(a, b);
        double sum = 0;
        for (int c = 0; c < first.length; c++) {
            for (int i = 0; i < first[c].length; i++) {
                double d = first[c][i] - second[c][i];
                sum += d * d;
            }
        }
        double meanSquare = sum / (first.length * first[0].length);
        return 10 * Math.log10(255 * 255 / meanSquare);
    }
}
