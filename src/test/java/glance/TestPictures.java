package glance;

import glance.picture.Origin;
import java.awt.image.BufferedImage;

/** Pictures that no model drew. */
public final class TestPictures {
    private TestPictures() {}

    /** A black picture of 8 x 8 pixels. */
    public static Picture black(Origin origin, String prompt, long seed) {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        return new Picture(image, prompt, seed, origin);
    }
}
