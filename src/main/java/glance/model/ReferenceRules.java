package glance.model;

import glance.api.Request.Size;
import java.awt.image.BufferedImage;

/** How a model takes pictures to look at. Equal if they do the same with every picture. */
public interface ReferenceRules {
    /** How many pictures it takes at once. */
    int most();

    /** A picture at the size at which the autoencoder gets it. */
    BufferedImage seen(BufferedImage picture);

    /**
     * The size of what is drawn from a picture, where the user does not choose.
     *
     * @param width of the first reference, in pixels
     * @param height likewise
     */
    Size result(int width, int height);
}
