package glance.pipeline;

import glance.io.Fingerprint;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/**
 * A picture that a model looks at. Two are equal if their files hold the same bytes.
 *
 * @param file where it was read
 * @param hash of the file's bytes
 * @param picture upright, on white
 */
public record ReferencePicture(Path file, String hash, BufferedImage picture) {
    /**
     * Reads a picture.
     *
     * @throws glance.api.FormatException if the file is missing, no picture, damaged, or too large
     */
    public static ReferencePicture read(Path file) {
        BufferedImage picture = Images.readUpright(file); // says first what is wrong with it
        return new ReferencePicture(file, Fingerprint.of(file), picture);
    }

    /** A black picture of no file, to measure with. */
    public static ReferencePicture blank(int width, int height) {
        return new ReferencePicture(
                Path.of("blank"),
                width + "x" + height,
                new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ReferencePicture o && o.hash.equals(hash);
    }

    @Override
    public int hashCode() {
        return hash.hashCode();
    }
}
