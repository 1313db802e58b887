package glance.pipeline;

import glance.api.Init;
import glance.api.Request.Size;
import glance.api.RequestException;
import glance.io.UprightPicture;
import glance.model.Family;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * A picture that a drawing starts from, as it was read: an {@link Init} whose files are known. Its
 * canvas is the picture with its margins, which hold the pixels of the edge until they are painted.
 *
 * @param picture what the drawing starts from
 * @param mask of the same size, white where it is painted anew; null if there is none
 * @param strength share of the plan's steps that is run
 * @param extension margins around the picture
 * @param paste whether what is kept are the picture's own pixels
 */
public record StartPicture(
        UprightPicture picture,
        UprightPicture mask,
        float strength,
        Init.Margins extension,
        boolean paste) {
    /** Larger ones do not fit into the memory that pictures are read into. */
    private static final long MAX_PIXELS = 128L << 20;

    /**
     * Reads the files.
     *
     * @throws RequestException if a value makes no sense, or the mask does not fit the picture
     * @throws glance.api.FormatException if a file is missing, no picture, damaged, or too large
     */
    public static StartPicture read(Init init) {
        Init.Margins margins = init.extension();
        boolean extended = !margins.equals(Init.Margins.NONE);
        // a margin of repeated pixels is nothing to start from
        float strength = init.strength().orElse(extended ? 1 : Init.STRENGTH);
        if (!(strength > 0 && strength <= 1)) {
            throw new RequestException(
                    "strength " + strength + ": must be more than 0 and at most 1");
        }
        if (margins.left() < 0
                || margins.top() < 0
                || margins.right() < 0
                || margins.bottom() < 0) {
            throw new RequestException(
                    "extend "
                            + margins
                            + ": must be 0 or more pixels on each side; --size makes pictures"
                            + " smaller");
        }
        if (Math.max(
                        Math.max(margins.left(), margins.right()),
                        Math.max(margins.top(), margins.bottom()))
                > Size.MAX_SIDE) {
            throw new RequestException(
                    "extend "
                            + margins
                            + ": at most "
                            + Size.MAX_SIDE
                            + " pixels on each side, as many as a picture has; take less");
        }
        UprightPicture picture = UprightPicture.read(init.picture());
        StartPicture start =
                new StartPicture(
                        picture,
                        init.mask().map(UprightPicture::read).orElse(null),
                        strength,
                        margins,
                        init.paste());
        if (start.isTooLarge()) {
            throw new RequestException(
                    "extend "
                            + margins
                            + ": the canvas would have more than "
                            + MAX_PIXELS
                            + " pixels; take less, or a smaller picture");
        }
        start.requireMask();
        return start;
    }

    /** A black picture of no file, to measure with. */
    static StartPicture blank(int width, int height) {
        return new StartPicture(
                UprightPicture.blank(width, height), null, 1, Init.Margins.NONE, false);
    }

    private void requireMask() {
        if (mask == null) {
            return;
        }
        BufferedImage image = mask.image();
        int width = picture.image().getWidth();
        int height = picture.image().getHeight();
        if (image.getWidth() != width || image.getHeight() != height) {
            throw new RequestException(
                    "mask "
                            + mask.file()
                            + " has "
                            + new Size(image.getWidth(), image.getHeight())
                            + " pixels: it must have the "
                            + width
                            + "x"
                            + height
                            + " of "
                            + picture.file());
        }
        // margins are painted beside a black mask, too
        if (isExtended() || StartCanvas.hasWhite(StartCanvas.white(image))) {
            return;
        }
        throw new RequestException(
                "mask "
                        + mask.file()
                        + " is black everywhere, so nothing would be painted; make white what"
                        + " shall be painted anew");
    }

    /** The request for it. */
    Init init() {
        Init init = Init.of(picture.file()).strength(strength).extend(extension).paste(paste);
        return mask == null ? init : init.mask(mask.file());
    }

    /** What latents depend on, as text: equal for equal results. */
    List<String> key() {
        List<String> key = new ArrayList<>();
        key.add("start " + picture.hash() + " " + strength + " " + extension);
        if (mask != null) {
            key.add("mask " + mask.hash());
        }
        return key;
    }

    /** Whether a part is kept. */
    public boolean keeps() {
        return mask != null || isExtended();
    }

    /** Whether there are margins. */
    boolean isExtended() {
        return !extension.equals(Init.Margins.NONE);
    }

    private boolean isTooLarge() {
        return canvasWidth() * canvasHeight() > MAX_PIXELS;
    }

    private long canvasWidth() {
        return (long) extension.left() + picture.image().getWidth() + extension.right();
    }

    private long canvasHeight() {
        return (long) extension.top() + picture.image().getHeight() + extension.bottom();
    }

    /**
     * How many of a plan's steps are left out, as in the image-to-image pipelines of diffusers:
     * {@code N - min(N strength, N)}, rounded down.
     */
    int skipped(int steps) {
        // as its decimal: 0.6f is a little more than 0.6, and would add a step of 5
        double share = Double.parseDouble(Float.toString(strength));
        return (int) Math.max(steps - Math.min(steps * share, steps), 0);
    }

    /**
     * The size of what is drawn, where the user does not choose: that of the canvas, cut to the
     * model's unit. A canvas of less than half or more than twice the model's usual area is brought
     * to that area.
     */
    Size size(Family.Geometry geometry) {
        double usual = (double) geometry.defaultSize() * geometry.defaultSize();
        double area = (double) canvasWidth() * canvasHeight();
        int unit = geometry.pixelsPerToken();
        boolean near = area >= usual / 2 && area <= usual * 2;
        double scale = near ? 1 : Math.sqrt(usual / area);
        return new Size(
                side(canvasWidth() * scale, near, unit, geometry.maxSize()),
                side(canvasHeight() * scale, near, unit, geometry.maxSize()));
    }

    private static int side(double pixels, boolean cut, int unit, int most) {
        double units = cut ? Math.floor(pixels / unit) : Math.rint(pixels / unit);
        int limit = Math.min(most, Size.MAX_SIDE) / unit;
        return (int) Math.max(1, Math.min(units, limit)) * unit;
    }

    /** The picture with its margins, which repeat the pixels of its edge. */
    BufferedImage extended() {
        BufferedImage image = picture.image();
        if (!isExtended()) {
            return image;
        }
        int width = image.getWidth();
        int height = image.getHeight();
        BufferedImage result = canvas();
        for (int y = 0; y < result.getHeight(); y++) {
            int fromY = Math.min(height - 1, Math.max(0, y - extension.top()));
            for (int x = 0; x < result.getWidth(); x++) {
                int fromX = Math.min(width - 1, Math.max(0, x - extension.left()));
                result.setRGB(x, y, image.getRGB(fromX, fromY));
            }
        }
        return result;
    }

    /** The mask on white margins; without a mask the picture is black. */
    BufferedImage extendedMask() {
        BufferedImage result = canvas();
        Graphics2D graphics = result.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, result.getWidth(), result.getHeight());
        if (mask == null) {
            BufferedImage image = picture.image();
            graphics.setColor(Color.BLACK);
            graphics.fillRect(
                    extension.left(), extension.top(), image.getWidth(), image.getHeight());
        } else {
            graphics.drawImage(mask.image(), extension.left(), extension.top(), null);
        }
        graphics.dispose();
        return result;
    }

    private BufferedImage canvas() {
        return new BufferedImage(
                (int) canvasWidth(), (int) canvasHeight(), BufferedImage.TYPE_INT_RGB);
    }
}
