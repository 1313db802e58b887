package glance.pipeline;

import glance.api.Init;
import glance.api.Request.Size;
import glance.api.RequestException;
import glance.io.PictureFit;
import glance.io.UprightPicture;
import glance.model.Family;
import java.awt.image.BufferedImage;

/**
 * A {@link StartPicture} at the size of what is drawn: its canvas scaled to fill that size and
 * cropped around the centre, and which pixels are painted anew.
 */
final class StartCanvas {
    /** Grey levels from here on count as white. */
    private static final int HALF = 128;

    private final BufferedImage picture;
    private final boolean[] painted; // row by row; null for all
    private final boolean isExtended;
    private final boolean paste;
    private final Family.Geometry geometry;

    /** What makes equal forms of a picture, see {@link UprightPicture#in}. */
    private record Form(Init.Margins margins, Size size, Kind kind) {}

    /** One file may be all of these, and then its forms must not be mixed up. */
    private enum Kind {
        PICTURE,
        MASK,
        /** What is painted around a picture without a mask. */
        AROUND
    }

    StartCanvas(StartPicture start, Size size, Family.Geometry geometry) {
        this.geometry = geometry;
        this.isExtended = start.isExtended();
        this.paste = start.paste();
        PictureFit fit = PictureFit.exactly(size.width(), size.height(), geometry.pixelsPerToken());
        picture =
                start.picture()
                        .in(
                                new Form(start.extension(), size, Kind.PICTURE),
                                image -> fit.apply(start.extended()));
        boolean isMasked = start.mask() != null;
        UprightPicture masked = isMasked ? start.mask() : start.picture();
        painted =
                start.keeps()
                        ? white(
                                masked.in(
                                        new Form(
                                                start.extension(),
                                                size,
                                                isMasked ? Kind.MASK : Kind.AROUND),
                                        image -> fit.apply(start.extendedMask())))
                        : null;
    }

    /** What goes into the autoencoder. */
    BufferedImage picture() {
        return picture;
    }

    /** Whether a part is kept. */
    boolean keeps() {
        return painted != null;
    }

    /**
     * 1 where latents are painted, 0 where they are kept, packed: a latent pixel is what the first
     * of its pixels is, as torch's nearest neighbour has it. With margins it is painted if any of
     * its pixels is: the repeated edge would stay there.
     *
     * @return [tokens, channels * patch^2], all channels of a latent pixel alike
     * @throws RequestException if no latent pixel is painted
     */
    float[] latents() {
        int patch = geometry.patch();
        int side = geometry.pixelsPerToken() / patch;
        int rows = picture.getHeight() / geometry.pixelsPerToken();
        int columns = picture.getWidth() / geometry.pixelsPerToken();
        float[] mask = new float[rows * columns * geometry.latentChannels() * patch * patch];
        boolean any = false;
        int at = 0;
        for (int token = 0; token < rows * columns; token++) {
            int y = token / columns * patch;
            int x = token % columns * patch;
            for (int i = 0; i < geometry.latentChannels() * patch * patch; i++) {
                int inside = i % (patch * patch);
                boolean white =
                        isPainted((x + inside % patch) * side, (y + inside / patch) * side, side);
                any |= white;
                mask[at++] = white ? 1 : 0;
            }
        }
        if (!any) {
            throw new RequestException(
                    "mask: its white is too small at "
                            + picture.getWidth()
                            + "x"
                            + picture.getHeight()
                            + ", where the model paints squares of "
                            + side
                            + " pixels; make it larger");
        }
        return mask;
    }

    private boolean isPainted(int left, int top, int side) {
        int width = picture.getWidth();
        if (!isExtended) {
            return painted[top * width + left];
        }
        for (int y = top; y < top + side; y++) {
            for (int x = left; x < left + side; x++) {
                if (painted[y * width + x]) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The result with the picture's own pixels where it is kept, unless that was not wanted. */
    BufferedImage paste(BufferedImage result) {
        return painted == null || !paste
                ? result
                : new FeatheredEdge(painted, picture.getWidth(), geometry.pixelsPerToken())
                        .paste(picture, result);
    }

    /** Where a picture is white, row by row. */
    static boolean[] white(BufferedImage image) {
        int width = image.getWidth();
        int[] pixels = image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
        boolean[] white = new boolean[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            white[i] = grey(pixels[i]) >= HALF;
        }
        return white;
    }

    /** Whether any is. */
    static boolean hasWhite(boolean[] white) {
        for (boolean pixel : white) {
            if (pixel) {
                return true;
            }
        }
        return false;
    }

    /** Luminance as Pillow rounds it. */
    private static int grey(int rgb) {
        int red = rgb >> 16 & 0xff;
        int green = rgb >> 8 & 0xff;
        int blue = rgb & 0xff;
        return 19595 * red + 38470 * green + 7471 * blue + 0x8000 >> 16;
    }
}
