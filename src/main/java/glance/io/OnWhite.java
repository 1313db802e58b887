package glance.io;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;

/** Lays what is transparent on white. */
final class OnWhite {
    private static final int WHITE = 255;

    private OnWhite() {}

    /** The picture with 8 bits of red, green and blue. */
    static BufferedImage rgb(BufferedImage image) {
        BufferedImage rgb =
                new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        boolean gray = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
        if (gray && image.getColorModel().hasAlpha()) {
            grayWithAlpha(image, rgb);
        } else {
            Graphics2D graphics = rgb.createGraphics();
            graphics.drawImage(image, 0, 0, Color.WHITE, null);
            graphics.dispose();
        }
        return rgb;
    }

    /**
     * Sample by sample, as Java2D takes such samples for linear light and brightens them. Of 16
     * bits the upper 8 count, as in other programs.
     */
    private static void grayWithAlpha(BufferedImage image, BufferedImage rgb) {
        Raster raster = image.getRaster();
        int shift = Math.max(0, image.getColorModel().getComponentSize(0) - 8);
        int[] samples = new int[2 * image.getWidth()];
        for (int y = 0; y < image.getHeight(); y++) {
            raster.getPixels(0, y, image.getWidth(), 1, samples);
            for (int x = 0; x < image.getWidth(); x++) {
                int alpha = samples[2 * x + 1] >> shift;
                int gray = samples[2 * x] >> shift;
                int level = (gray * alpha + WHITE * (WHITE - alpha) + WHITE / 2) / WHITE;
                rgb.setRGB(x, y, level << 16 | level << 8 | level);
            }
        }
    }
}
