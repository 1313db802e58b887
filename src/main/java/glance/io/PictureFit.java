package glance.io;

import glance.api.RequestException;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/**
 * Brings pictures to a size that a model takes: scaled with Lanczos' filter and without distortion,
 * then cropped around the centre.
 *
 * <p>With a longest side of 1024 and a unit of 32, a picture of 3000 x 2000 becomes 1024 x 682 and
 * is cropped to 1024 x 672. With a target of 64 x 64 it becomes 96 x 64 and is cropped on the left
 * and the right.
 */
public final class PictureFit {
    /** Beyond what pictures are read of, a scaled one would not fit into memory. */
    private static final double MAX_PIXELS = 128L << 20;

    private final int width;
    private final int height;
    private final int unit;

    private PictureFit(int width, int height, int unit) {
        this.width = width;
        this.height = height;
        this.unit = unit;
    }

    /**
     * Keeps the shape of pictures, but for what the unit cuts off.
     *
     * @param longestSide in pixels, a multiple of the unit
     */
    public static PictureFit longestSide(int longestSide, int unit) {
        requireMultiple(longestSide, unit);
        return new PictureFit(longestSide, 0, unit);
    }

    /** Makes all pictures the same size; both sides must be multiples of the unit. */
    public static PictureFit exactly(int width, int height, int unit) {
        requireMultiple(width, unit);
        requireMultiple(height, unit);
        return new PictureFit(width, height, unit);
    }

    private static void requireMultiple(int side, int unit) {
        if (side < unit || side % unit != 0) {
            throw new RequestException(
                    "size "
                            + side
                            + ": must be a positive multiple of "
                            + unit
                            + " for this model");
        }
    }

    /**
     * The picture at its new size.
     *
     * @throws IllegalArgumentException if it is so narrow that no unit would be left of it
     */
    public BufferedImage apply(BufferedImage picture) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        double scale =
                height == 0
                        ? (double) width / Math.max(w, h)
                        : Math.max((double) width / w, (double) height / h);
        if (w * scale * h * scale > MAX_PIXELS) {
            throw new IllegalArgumentException(
                    "a picture of "
                            + w
                            + " x "
                            + h
                            + " is too long and narrow to be scaled to "
                            + width
                            + " x "
                            + height
                            + "; crop it");
        }
        int scaledWidth = (int) Math.floor(w * scale + 1e-6);
        int scaledHeight = (int) Math.floor(h * scale + 1e-6);
        int targetWidth = height == 0 ? scaledWidth / unit * unit : width;
        int targetHeight = height == 0 ? scaledHeight / unit * unit : height;
        if (targetWidth == 0 || targetHeight == 0) {
            throw new IllegalArgumentException(
                    "a picture of "
                            + w
                            + " x "
                            + h
                            + " is too narrow for a longest side of "
                            + width
                            + "; choose a larger size, or crop it");
        }
        return crop(
                scaled(
                        picture,
                        Math.max(scaledWidth, targetWidth),
                        Math.max(scaledHeight, targetHeight)),
                targetWidth,
                targetHeight);
    }

    private static BufferedImage scaled(BufferedImage picture, int width, int height) {
        if (picture.getWidth() == width && picture.getHeight() == height) {
            return picture;
        }
        return PictureScaling.LANCZOS.scale(picture, width, height);
    }

    private static BufferedImage crop(BufferedImage picture, int width, int height) {
        BufferedImage result = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = result.createGraphics();
        graphics.drawImage(
                picture,
                -((picture.getWidth() - width) / 2),
                -((picture.getHeight() - height) / 2),
                null);
        graphics.dispose();
        return result;
    }
}
