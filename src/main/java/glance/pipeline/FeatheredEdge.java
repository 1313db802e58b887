package glance.pipeline;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * Lays the kept part of a picture over a result. What is painted stays as it is, and from its edge
 * on the picture's own share grows in even steps: for a width of 3 it is
 *
 * <pre>
 *   painted | 1/4  2/4  3/4  1  1  1 ...
 * </pre>
 *
 * of the distance by moves of a chess king.
 */
final class FeatheredEdge {
    private final int[] distances; // to what is painted, at most feather + 1
    private final int whole;

    /**
     * @param painted row by row
     * @param width pixels of a row
     * @param feather pixels in which the result fades out
     */
    FeatheredEdge(boolean[] painted, int width, int feather) {
        this.whole = feather + 1;
        this.distances = new int[painted.length];
        Arrays.fill(distances, whole);
        int height = painted.length / width;
        // down takes what is nearest above and to the left, up the rest
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = y * width + x;
                distances[at] = painted[at] ? 0 : Math.min(whole, 1 + nearest(x, y, width, -1));
            }
        }
        for (int y = height - 1; y >= 0; y--) {
            for (int x = width - 1; x >= 0; x--) {
                int at = y * width + x;
                distances[at] = Math.min(distances[at], 1 + nearest(x, y, width, 1));
            }
        }
    }

    /** The least distance of the neighbours in one row above or below, and of one beside. */
    private int nearest(int x, int y, int width, int side) {
        int least = distance(x + side, y, width);
        for (int dx = -1; dx <= 1; dx++) {
            least = Math.min(least, distance(x + dx, y + side, width));
        }
        return least;
    }

    private int distance(int x, int y, int width) {
        boolean inside = x >= 0 && x < width && y >= 0 && y < distances.length / width;
        return inside ? distances[y * width + x] : whole;
    }

    /** A new picture; both have the size of the mask. */
    BufferedImage paste(BufferedImage original, BufferedImage result) {
        int width = result.getWidth();
        int height = result.getHeight();
        int[] own = original.getRGB(0, 0, width, height, null, 0, width);
        int[] made = result.getRGB(0, 0, width, height, null, 0, width);
        for (int i = 0; i < made.length; i++) {
            made[i] = mix(own[i], made[i], distances[i]);
        }
        BufferedImage pasted = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        pasted.setRGB(0, 0, width, height, made, 0, width);
        return pasted;
    }

    private int mix(int own, int made, int share) {
        int rgb = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            int sum = share * (own >> shift & 0xff) + (whole - share) * (made >> shift & 0xff);
            rgb |= (sum + whole / 2) / whole << shift;
        }
        return rgb;
    }
}
