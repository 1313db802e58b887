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
        if (white == null || isBlack(white)) {
            throw new FormatException(
                    mask,
                    null,
                    "is transparent nowhere, so it says of nothing that it is painted anew",
                    "make it transparent there");
        }
        return Images.png(white, Map.of());
    }

    /**
     * Of a mask that paints where it is black.
     *
     * @return a PNG, white there and black elsewhere
     * @throws FormatException if it is no picture, or is damaged
     */
    public static byte[] inverted(Path mask) {
        return Images.png(
                where(Images.readUpright(mask), rgb -> (rgb >> 8 & 0xff) < HALF), Map.of());
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

    private static boolean isBlack(BufferedImage mask) {
        for (int y = 0; y < mask.getHeight(); y++) {
            for (int x = 0; x < mask.getWidth(); x++) {
                if ((mask.getRGB(x, y) & WHITE) != 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
