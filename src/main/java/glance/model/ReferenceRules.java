package glance.model;

import glance.api.Request.Size;
import java.awt.image.BufferedImage;

/** How a model takes pictures to look at. Equal if they do the same with every picture. */
public interface ReferenceRules {
    /** How many pictures it takes at once. */
    int most();

    /** A picture at the size at which the autoencoder gets it. */
    BufferedImage seen(BufferedImage picture);

    /** Whether the text encoder looks at the pictures, too. */
    default boolean describes() {
        return false;
    }

    /**
     * A picture as the text encoder gets it.
     *
     * @throws UnsupportedOperationException if that reads the prompt alone
     */
    default BufferedImage described(BufferedImage picture) {
        throw new UnsupportedOperationException("the text encoder reads the prompt alone");
    }

    /**
     * Which reference gives what is drawn its proportions: the first, unless a model says another.
     *
     * @param pictures how many there are, at least one
     * @return an index from 0
     */
    default int leading(int pictures) {
        return 0;
    }

    /**
     * The size of what is drawn from a picture, where the user does not choose.
     *
     * @param width of the {@link #leading} reference, in pixels
     * @param height likewise
     */
    Size result(int width, int height);
}
