package glance.pipeline;

import glance.io.UprightPicture;
import glance.model.ReferenceRules;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/** A picture that a model looks at. Two are equal if their files hold the same bytes. */
public record ReferencePicture(UprightPicture upright) {
    /**
     * Reads a picture.
     *
     * @throws glance.api.FormatException if the file is missing, no picture, damaged, or too large
     */
    public static ReferencePicture read(Path file) {
        return new ReferencePicture(UprightPicture.read(file));
    }

    /** A black picture of no file, to measure with. */
    public static ReferencePicture blank(int width, int height) {
        return new ReferencePicture(UprightPicture.blank(width, height));
    }

    /** Where it was read. */
    public Path file() {
        return upright.file();
    }

    /** Of the file's bytes. */
    public String hash() {
        return upright.hash();
    }

    /** Upright, on white. */
    public BufferedImage picture() {
        return upright.image();
    }

    /** As a model's autoencoder gets it. */
    public BufferedImage seen(ReferenceRules rules) {
        return upright.in(rules, rules::seen);
    }

    /** As a model's text encoder gets it, if that looks at pictures. */
    BufferedImage described(ReferenceRules rules) {
        return upright.in(new Described(rules), rules::described);
    }

    /** Tells what the text encoder gets from what the autoencoder gets. */
    private record Described(ReferenceRules rules) {}
}
