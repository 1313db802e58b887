package glance.picture;

import glance.api.FormatException;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.IntPredicate;

/** Masks of other programs as those of {@link glance.api.Init#mask}: white is painted anew. */
public final class Masks {
    private static final int WHITE = 0xffffff;
    private static final int BLACK = 0;
    private static final int HALF = 128;

    private Masks() {}

    /**
     * Of a mask that paints where it is fully transparent, as OpenAI's.
     *
     * @return a PNG, white there and black elsewhere
     * @throws FormatException if it is no picture, is damaged, or is transparent nowhere
     */
    public static byte[] transparent(Path mask) {
        BufferedImage image = Images.read(mask);
        BufferedImage white =
                image.getColorModel().hasAlpha() ? where(image, argb -> argb >>> 24 == 0) : null;
        if (white == null || isAll(white, BLACK)) {
            throw new FormatException(
                    mask,
                    null,
                    "is transparent nowhere, so it says of nothing that it is painted anew",
                    "make it transparent there");
        }
        return Images.png(white, Map.of());
    }

    /** Whether a mask is fully transparent somewhere, and so may be one that paints there. */
    public static boolean isTransparent(Path mask) {
        BufferedImage image = Images.read(mask);
        return image.getColorModel().hasAlpha()
                && !isAll(where(image, argb -> argb >>> 24 == 0), BLACK);
    }

    /**
     * Of a mask that paints where it is white or, if it has transparent pixels, where it is opaque,
     * as AUTOMATIC1111's.
     *
     * @param inverted paints elsewhere
     * @return a PNG, white there and black elsewhere
     * @throws FormatException if it is no picture, or is damaged
     */
    public static byte[] strokes(Path mask, boolean inverted) {
        BufferedImage image = Images.read(mask);
        BufferedImage opaque =
                image.getColorModel().hasAlpha() ? where(image, argb -> argb >>> 24 > HALF) : null;
        boolean byAlpha = opaque != null && !isAll(opaque, WHITE);
        IntPredicate painted =
                byAlpha ? argb -> argb >>> 24 > HALF : argb -> brightness(argb) >= HALF;
        return Images.png(where(image, inverted ? painted.negate() : painted), Map.of());
    }

    /** ITU-R 601, as other programs make grey of colours. */
    private static int brightness(int rgb) {
        return (299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255)) / 1000;
    }

    private static BufferedImage where(BufferedImage image, IntPredicate painted) {
        int width = image.getWidth();
        int height = image.getHeight();
        BufferedImage mask = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (painted.test(image.getRGB(x, y))) {
                    mask.setRGB(x, y, WHITE);
                }
            }
        }
        return mask;
    }

    private static boolean isAll(BufferedImage mask, int rgb) {
        for (int y = 0; y < mask.getHeight(); y++) {
            for (int x = 0; x < mask.getWidth(); x++) {
                if ((mask.getRGB(x, y) & WHITE) != rgb) {
                    return false;
                }
            }
        }
        return true;
    }
}
