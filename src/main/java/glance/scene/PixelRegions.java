package glance.scene;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.function.IntBinaryOperator;

/** Connected pixels: neighbours share a side. */
final class PixelRegions {
    private PixelRegions() {}

    /** The connected parts of the pixels of one label, for every label that is not negative. */
    static List<BitSet> connected(int[] labels, int width) {
        List<BitSet> regions = new ArrayList<>();
        boolean[] seen = new boolean[labels.length];
        for (int start = 0; start < labels.length; start++) {
            if (labels[start] < 0 || seen[start]) {
                continue;
            }
            BitSet region = new BitSet(labels.length);
            Deque<Integer> open = new ArrayDeque<>(List.of(start));
            seen[start] = true;
            while (!open.isEmpty()) {
                int pixel = open.remove();
                region.set(pixel);
                for (int neighbour : neighbours(pixel, width, labels.length)) {
                    if (!seen[neighbour] && labels[neighbour] == labels[pixel]) {
                        seen[neighbour] = true;
                        open.add(neighbour);
                    }
                }
            }
            regions.add(region);
        }
        return regions;
    }

    /**
     * Gives every pixel of a region the label of the labelled pixel that is nearest within it.
     *
     * @param labels changed; negative for none
     */
    static void spread(BitSet region, int[] labels, int width) {
        Deque<Integer> open = new ArrayDeque<>();
        region.stream().filter(pixel -> labels[pixel] >= 0).forEach(open::add);
        while (!open.isEmpty()) {
            int pixel = open.remove();
            for (int neighbour : neighbours(pixel, width, labels.length)) {
                if (region.get(neighbour) && labels[neighbour] < 0) {
                    labels[neighbour] = labels[pixel];
                    open.add(neighbour);
                }
            }
        }
    }

    /** The pixels that share a side. */
    static int[] neighbours(int pixel, int width, int count) {
        int[] found = new int[4];
        int n = 0;
        if (pixel % width > 0) {
            found[n++] = pixel - 1;
        }
        if (pixel % width < width - 1) {
            found[n++] = pixel + 1;
        }
        if (pixel >= width) {
            found[n++] = pixel - width;
        }
        if (pixel + width < count) {
            found[n++] = pixel + width;
        }
        return Arrays.copyOf(found, n);
    }

    /** Whether the 3 x 3 pixels around one all have a label; false at the border. */
    static boolean isInterior(int pixel, int[] labels, int width) {
        int column = pixel % width;
        int row = pixel / width;
        if (column == 0 || row == 0 || column == width - 1 || row == labels.length / width - 1) {
            return false;
        }
        IntBinaryOperator at = (dx, dy) -> labels[pixel + dy * width + dx];
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                if (at.applyAsInt(dx, dy) != labels[pixel]) {
                    return false;
                }
            }
        }
        return true;
    }
}
