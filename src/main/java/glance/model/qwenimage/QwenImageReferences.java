package glance.model.qwenimage;

import glance.api.Request.Size;
import glance.api.RequestException;
import glance.io.PictureScaling;
import glance.model.ReferenceRules;
import java.awt.image.BufferedImage;

/**
 * Reference pictures of Qwen-Image-Edit: scaled to about one area, sides in multiples of 32,
 * proportions as near as these allow. Text encoder and autoencoder each have an area of their own.
 * What is drawn has the proportions of the last picture. Equals QwenImageEditPipeline and
 * QwenImageEditPlusPipeline of diffusers.
 *
 * @param most how many pictures there may be
 * @param describedArea for the text encoder
 * @param seenArea for the autoencoder, and of what is drawn
 * @param unit pixels of a token along a side
 */
record QwenImageReferences(int most, int describedArea, int seenArea, int unit)
        implements ReferenceRules {
    private static final int MULTIPLE = 32;

    /** At the published area, the longer side is then as long as any may be. */
    private static final int MOST_LONGER = 64;

    @Override
    public boolean describes() {
        return true;
    }

    @Override
    public BufferedImage described(BufferedImage picture) {
        return scaled(picture, describedArea);
    }

    @Override
    public BufferedImage seen(BufferedImage picture) {
        return scaled(picture, seenArea);
    }

    @Override
    public int leading(int pictures) {
        return pictures - 1;
    }

    /**
     * @throws RequestException if one side is very much longer than the other
     */
    @Override
    public Size result(int width, int height) {
        Size size = size(seenArea, width, height);
        return new Size(down(size.width()), down(size.height()));
    }

    private BufferedImage scaled(BufferedImage picture, int area) {
        Size size = size(area, picture.getWidth(), picture.getHeight());
        return PictureScaling.LANCZOS.scale(picture, size.width(), size.height());
    }

    /**
     * @throws RequestException if one side is so much longer that a picture of these areas would
     *     have sides beyond all bounds
     */
    private Size size(int area, int width, int height) {
        long square = (long) Size.MAX_SIDE * Size.MAX_SIDE;
        long bound = Math.max(1, square / Math.max(describedArea, seenArea));
        long most = Math.min(MOST_LONGER, bound);
        if (Math.max(width, height) > most * Math.min(width, height)) {
            throw new RequestException(
                    "reference picture of "
                            + width
                            + "x"
                            + height
                            + " pixels: this model takes pictures whose longer side is at most "
                            + most
                            + " times the shorter; crop it");
        }
        double ratio = (double) width / height;
        double wide = Math.sqrt(area * ratio);
        return new Size(multiple(wide), multiple(wide / ratio));
    }

    private static int multiple(double side) {
        return Math.max(1, (int) Math.rint(side / MULTIPLE)) * MULTIPLE;
    }

    private int down(int side) {
        return Math.max(1, side / unit) * unit;
    }
}
