package glance.io;

import com.drew.imaging.ImageMetadataReader;
import com.drew.imaging.ImageProcessingException;
import com.drew.metadata.exif.ExifIFD0Directory;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/**
 * How a camera was held, from the EXIF tag Orientation (Exif 2.32, section 4.6.4): where the first
 * row and the first column of the file belong in the picture.
 *
 * <pre>
 * 1 as it is    2 mirrored      3 half a turn         4 upside down, mirrored
 * 5 transposed  6 turn it right 7 other diagonal      8 turn it left
 * </pre>
 */
final class Orientation {
    private static final int AS_IT_IS = 1;
    private static final int LAST = 8;
    private static final int FIRST_SIDEWAYS = 5;

    private Orientation() {}

    /** The tag of a picture file; 1 if it has none or its metadata cannot be read. */
    static int of(byte[] file) {
        try {
            ExifIFD0Directory exif =
                    ImageMetadataReader.readMetadata(new ByteArrayInputStream(file), file.length)
                            .getFirstDirectoryOfType(ExifIFD0Directory.class);
            Integer tag = exif == null ? null : exif.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
            return tag == null || tag < AS_IT_IS || tag > LAST ? AS_IT_IS : tag;
        } catch (ImageProcessingException | IOException | RuntimeException e) {
            // Pixels count; other programs show a picture with odd metadata as it is, too.
            return AS_IT_IS;
        }
    }

    /** The picture as it was seen. */
    static BufferedImage upright(BufferedImage image, int orientation) {
        if (orientation == AS_IT_IS) {
            return image;
        }
        int w = image.getWidth();
        int h = image.getHeight();
        boolean sideways = orientation >= FIRST_SIDEWAYS;
        BufferedImage result =
                new BufferedImage(sideways ? h : w, sideways ? w : h, image.getType());
        for (int y = 0; y < result.getHeight(); y++) {
            for (int x = 0; x < result.getWidth(); x++) {
                int rgb =
                        switch (orientation) {
                            case 2 -> image.getRGB(w - 1 - x, y);
                            case 3 -> image.getRGB(w - 1 - x, h - 1 - y);
                            case 4 -> image.getRGB(x, h - 1 - y);
                            case 5 -> image.getRGB(y, x);
                            case 6 -> image.getRGB(y, h - 1 - x);
                            case 7 -> image.getRGB(w - 1 - y, h - 1 - x);
                            default -> image.getRGB(w - 1 - y, x);
                        };
                result.setRGB(x, y, rgb);
            }
        }
        return result;
    }
}
