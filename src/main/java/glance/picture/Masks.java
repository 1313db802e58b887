package glance.picture;

import glance.api.FormatException;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Masks of other programs as those of {@link glance.api.Init#mask}: white is painted anew. They are
 * turned upright as pictures are.
 */
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
        return whereTransparent(mask)
                .orElseThrow(
                        () ->
                                new FormatException(
                                        mask,
                                        null,
                                        "is transparent nowhere, so it says of nothing that it is"
                                                + " painted anew",
                                        "make it transparent there"));
    }

    /**
     * The same of a picture that may be its own mask.
     *
     * @return nothing if it is fully transparent nowhere
     * @throws FormatException if it is no picture, or is damaged
     */
    public static Optional<byte[]> whereTransparent(Path picture) {
        return clear(picture).map(mask -> Images.png(mask, Map.of()));
    }

    /** Whether a mask is fully transparent somewhere, and so may be one that paints there. */
    public static boolean isTransparent(Path mask) {
        return clear(mask).isPresent();
    }

    /**
     * Of a mask that paints where it is white or, if it has pixels that are not opaque, where it is
     * opaque, as AUTOMATIC1111's.
     *
     * @param inverted paints elsewhere
     * @return a PNG, white there and black elsewhere
     * @throws FormatException if it is no picture, or is damaged
     */
    public static byte[] strokes(Path mask, boolean inverted) {
        Optional<BufferedImage> alpha =
                Images.readAlpha(mask).filter(levels -> !isAll(levels, WHITE));
        IntPredicate painted =
                alpha.isPresent() ? level -> (level & 255) > HALF : rgb -> brightness(rgb) >= HALF;
        BufferedImage levels = alpha.orElseGet(() -> Images.readUpright(mask));
        return Images.png(where(levels, inverted ? painted.negate() : painted), Map.of());
    }

    /** ITU-R 601, as other programs make grey of colours. */
    private static int brightness(int rgb) {
        return (299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255)) / 1000;
    }

    /** White where a picture is fully transparent; nothing if it is so nowhere. */
    private static Optional<BufferedImage> clear(Path picture) {
        return Images.readAlpha(picture)
                .map(alpha -> where(alpha, level -> level == BLACK))
                .filter(mask -> !isAll(mask, BLACK));
    }

    private static BufferedImage where(BufferedImage levels, IntPredicate painted) {
        int width = levels.getWidth();
        int height = levels.getHeight();
        BufferedImage mask = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (painted.test(levels.getRGB(x, y) & WHITE)) {
                    mask.setRGB(x, y, WHITE);
                }
            }
        }
        return mask;
    }

    private static boolean isAll(BufferedImage levels, int rgb) {
        for (int y = 0; y < levels.getHeight(); y++) {
            for (int x = 0; x < levels.getWidth(); x++) {
                if ((levels.getRGB(x, y) & WHITE) != rgb) {
                    return false;
                }
            }
        }
        return true;
    }
}
