package glance.compare;

import java.awt.image.BufferedImage;

/** Pictures as numbers. */
final class Channels {
    private Channels() {}

    /** Red, green and blue, 0 to 255, row by row. */
    static double[][] rgb(BufferedImage picture) {
        int width = picture.getWidth();
        int[] pixels = picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
        double[][] channels = new double[3][pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            for (int c = 0; c < 3; c++) {
                channels[c][i] = pixels[i] >> 16 - 8 * c & 255;
            }
        }
        return channels;
    }

    static void requireSameSize(BufferedImage a, BufferedImage b) {
        if (a.getWidth() != b.getWidth() || a.getHeight() != b.getHeight()) {
            throw new IllegalArgumentException(
                    "pictures must have the same size, got "
                            + a.getWidth()
                            + " x "
                            + a.getHeight()
                            + " and "
                            + b.getWidth()
                            + " x "
                            + b.getHeight());
        }
    }
}
