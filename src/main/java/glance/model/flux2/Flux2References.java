package glance.model.flux2;

import glance.api.Request.Size;
import glance.api.RequestException;
import glance.io.PictureFit;
import glance.io.PictureScaling;
import glance.model.ReferenceRules;
import java.awt.image.BufferedImage;

/**
 * Reference pictures of FLUX.2: as they are, but scaled to an area of 1024 x 1024 if they have
 * more, and cropped to whole tokens. What is drawn has the size of the first one. Equals
 * Flux2KleinPipeline of diffusers, which refuses the same pictures.
 *
 * @param unit pixels of a token along a side
 */
record Flux2References(int unit) implements ReferenceRules {
    /** As many as the publishers name; the network has no limit. */
    private static final int MOST = 10;

    private static final int AREA = 1024 * 1024;

    /** What Flux2ImageProcessor takes: pixels of the shorter side, and longer sides than that. */
    private static final int SHORTEST = 64;

    private static final int MOST_SHORTER = 8;

    @Override
    public int most() {
        return MOST;
    }

    @Override
    public BufferedImage seen(BufferedImage picture) {
        Size size = result(picture.getWidth(), picture.getHeight());
        Size within = within(picture.getWidth(), picture.getHeight());
        boolean fits =
                within.width() == picture.getWidth() && within.height() == picture.getHeight();
        BufferedImage scaled =
                fits
                        ? picture
                        : PictureScaling.LANCZOS.scale(picture, within.width(), within.height());
        return PictureFit.exactly(size.width(), size.height(), unit).apply(scaled);
    }

    /**
     * @throws RequestException if the picture is smaller or longer than the model's publishers
     *     allow
     */
    @Override
    public Size result(int width, int height) {
        int shorter = Math.min(width, height);
        if (shorter < SHORTEST || Math.max(width, height) > (long) MOST_SHORTER * shorter) {
            throw new RequestException(
                    "reference picture of "
                            + width
                            + "x"
                            + height
                            + " pixels: this model takes pictures whose sides have "
                            + SHORTEST
                            + " pixels or more and whose longer side is at most "
                            + MOST_SHORTER
                            + " times the shorter; scale or crop it");
        }
        Size size = within(width, height);
        return new Size(down(size.width()), down(size.height()));
    }

    private static Size within(int width, int height) {
        long area = (long) width * height;
        if (area <= AREA) {
            return new Size(width, height);
        }
        double scale = Math.sqrt((double) AREA / area);
        return new Size((int) (width * scale), (int) (height * scale));
    }

    private int down(int side) {
        return side / unit * unit;
    }
}
