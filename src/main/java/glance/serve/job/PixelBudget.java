package glance.serve.job;

import glance.api.Request;
import glance.api.RequestException;
import glance.io.Images;
import java.awt.Dimension;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * How many pixels the pictures of a request have together: each pixel takes memory once it is
 * decoded, however small its file is.
 *
 * @param most pixels of all pictures
 */
record PixelBudget(long most) {
    /** More than any usual camera has. */
    private static final long LEAST = 64L << 20;

    private static final int TIMES = 4;

    /** Of a server that draws pictures up to a size: four of them, and one of a camera anyhow. */
    static PixelBudget of(Request.Size largest) {
        return new PixelBudget(Math.max(LEAST, TIMES * (long) largest.width() * largest.height()));
    }

    /**
     * Reads headers alone. The same file counts once, as it is decoded once.
     *
     * @param pictures by the words for them, in their order
     * @throws RequestException if they have more pixels
     * @throws glance.api.FormatException if one is no picture
     */
    void require(Map<String, Path> pictures) {
        Set<Path> seen = new HashSet<>();
        long all = 0;
        for (Map.Entry<String, Path> picture : pictures.entrySet()) {
            if (!seen.add(picture.getValue())) {
                continue;
            }
            Dimension size = Images.size(picture.getValue());
            all += (long) size.width * size.height;
            if (all > most) {
                throw new RequestException(
                        picture.getKey()
                                + ": is "
                                + size.width
                                + " x "
                                + size.height
                                + " pixels, with which the pictures of this request have more than "
                                + most
                                + " in all; scale them down");
            }
        }
    }
}
