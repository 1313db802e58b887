package glance.scene;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the objects of a picture on a plain background.
 *
 * <pre>
 * background  the colour that most pixels of the frame are nearest to
 * foreground  pixels that are not within half the distance of the two closest colours
 * objects     connected foreground; where it has areas of several colours, one for each
 * cover       how far a pixel's colour has come from the background to the object
 * </pre>
 */
final class ObjectFinder {
    /** About half the distance of orange and yellow, the closest two of the colours. */
    private static final float FOREGROUND_DISTANCE = 45;

    private static final int FRAME_PIXELS = 3;

    /** Smaller spots are no objects; the smallest, a small star or moon, has about 60 pixels. */
    private static final int MIN_AREA = 24;

    /** Fewer evenly coloured pixels are an edge between two colours that looks like a third. */
    private static final int MIN_INTERIOR = 6;

    private final int width;
    private final int height;
    private final float[][] pixels;
    private final SceneColor background;
    private final float[] backgroundRgb;

    ObjectFinder(BufferedImage picture) {
        width = picture.getWidth();
        height = picture.getHeight();
        pixels = new float[width * height][];
        for (int i = 0; i < pixels.length; i++) {
            int rgb = picture.getRGB(i % width, i / width);
            pixels[i] = new float[] {rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255};
        }
        BitSet frame = frame();
        background = mostFrequent(frame);
        BitSet plain = new BitSet();
        frame.stream().filter(i -> SceneColor.nearest(pixels[i]) == background).forEach(plain::set);
        backgroundRgb = mean(plain);
    }

    SceneColor background() {
        return background;
    }

    /** The patches of all objects with their colours, in reading order. */
    List<Map.Entry<SceneColor, Patch>> objects() {
        int[] foreground = new int[pixels.length];
        float limit = FOREGROUND_DISTANCE * FOREGROUND_DISTANCE;
        for (int i = 0; i < pixels.length; i++) {
            boolean differs = SceneColor.squaredDistance(pixels[i], backgroundRgb) > limit;
            foreground[i] = differs ? 0 : -1;
        }
        List<Map.Entry<SceneColor, Patch>> objects = new ArrayList<>();
        for (BitSet region : PixelRegions.connected(foreground, width)) {
            for (BitSet part : byColor(region)) {
                if (part.cardinality() >= MIN_AREA) {
                    objects.add(Map.entry(mostFrequent(part), cover(part)));
                }
            }
        }
        return objects;
    }

    /** Touching objects of different colours. */
    private List<BitSet> byColor(BitSet region) {
        int[] labels = new int[pixels.length];
        Arrays.fill(labels, -1);
        region.stream().forEach(i -> labels[i] = SceneColor.nearest(pixels[i]).ordinal());
        Map<SceneColor, Integer> interiors = new EnumMap<>(SceneColor.class);
        int[] seeds = new int[pixels.length];
        Arrays.fill(seeds, -1);
        region.stream()
                .filter(i -> PixelRegions.isInterior(i, labels, width))
                .forEach(i -> interiors.merge(SceneColor.values()[labels[i]], 1, Integer::sum));
        interiors.values().removeIf(count -> count < MIN_INTERIOR);
        if (interiors.size() < 2) {
            return List.of(region);
        }
        region.stream()
                .filter(i -> interiors.containsKey(SceneColor.values()[labels[i]]))
                .filter(i -> PixelRegions.isInterior(i, labels, width))
                .forEach(i -> seeds[i] = labels[i]);
        PixelRegions.spread(region, seeds, width);
        return PixelRegions.connected(seeds, width);
    }

    /** The share of the object in each pixel of the region and around it. */
    private Patch cover(BitSet region) {
        float[] color = mean(core(region));
        float[] way = new float[3];
        float length = 0;
        for (int k = 0; k < 3; k++) {
            way[k] = color[k] - backgroundRgb[k];
            length += way[k] * way[k];
        }
        float[] cover = new float[pixels.length];
        for (int i : withRim(region).stream().toArray()) {
            float done = 0;
            for (int k = 0; k < 3; k++) {
                done += (pixels[i][k] - backgroundRgb[k]) * way[k];
            }
            cover[i] = Math.min(1, Math.max(0, done / length));
        }
        return Patch.of(width, height, cover);
    }

    /** The pixels of a region that have no neighbour outside, or all if there are none. */
    private BitSet core(BitSet region) {
        BitSet core = new BitSet();
        region.stream()
                .filter(
                        i ->
                                Arrays.stream(PixelRegions.neighbours(i, width, pixels.length))
                                        .allMatch(region::get))
                .forEach(core::set);
        return core.isEmpty() ? region : core;
    }

    /** The region and the pixels beside it that are no foreground. */
    private BitSet withRim(BitSet region) {
        BitSet result = (BitSet) region.clone();
        float limit = FOREGROUND_DISTANCE * FOREGROUND_DISTANCE;
        region.stream()
                .flatMap(i -> Arrays.stream(PixelRegions.neighbours(i, width, pixels.length)))
                .filter(i -> SceneColor.squaredDistance(pixels[i], backgroundRgb) <= limit)
                .forEach(result::set);
        return result;
    }

    private BitSet frame() {
        BitSet frame = new BitSet();
        for (int i = 0; i < pixels.length; i++) {
            int x = i % width;
            int y = i / width;
            int border = Math.min(Math.min(x, width - 1 - x), Math.min(y, height - 1 - y));
            frame.set(i, border < FRAME_PIXELS);
        }
        return frame;
    }

    private SceneColor mostFrequent(BitSet set) {
        int[] counts = new int[SceneColor.values().length];
        set.stream().forEach(i -> counts[SceneColor.nearest(pixels[i]).ordinal()]++);
        int best = 0;
        for (int c = 1; c < counts.length; c++) {
            best = counts[c] > counts[best] ? c : best;
        }
        return SceneColor.values()[best];
    }

    private float[] mean(BitSet set) {
        float[] sum = new float[3];
        for (int i : set.stream().toArray()) {
            for (int k = 0; k < 3; k++) {
                sum[k] += pixels[i][k] / set.cardinality();
            }
        }
        return sum;
    }
}
