package glance.model.text;

import glance.api.RequestException;
import glance.io.Config;
import glance.io.PictureScaling;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * Makes pictures ready for the vision tower of Qwen2.5-VL: scaled so that both sides are whole
 * units and the area lies between two bounds, then {@code (level / 255 - mean) / deviation}, cut
 * into patches. Equals Qwen2VLImageProcessor of transformers, whose scaling is that of Pillow.
 *
 * @param minPixels least area
 * @param maxPixels largest area
 * @param patchSize pixels of a patch along a side
 * @param frames equal frames that a picture is shown as
 * @param mergeSize patches of a unit along a side
 * @param mean of red, green and blue
 * @param deviation of red, green and blue
 */
public record QwenPictures(
        int minPixels,
        int maxPixels,
        int patchSize,
        int frames,
        int mergeSize,
        List<Double> mean,
        List<Double> deviation) {
    private static final int CHANNELS = 3;

    /** Channels lie between 0 and 1. */
    private static final double MOST_CHANNEL = 10;

    /** The reference refuses narrower ones. */
    private static final int MOST_RATIO = 200;

    /** Five times what is published: what a text can hold of a picture is much less. */
    private static final int MOST_PIXELS = 1 << 26;

    private static final String PUBLISHED = "use the one that was published with the model";

    /**
     * Patches of a picture as the tower reads them, unit by unit:
     *
     * <pre>
     *   units of a picture of 4 x 4 patches    0 1 | 4 5
     *                                          2 3 | 6 7
     *                                          ----+----
     *                                          8 9 | ...
     * </pre>
     *
     * @param values [patches, channels * frames * patchSize * patchSize]
     * @param units of the picture: patches divided by mergeSize, along each side
     */
    public record Patches(float[] values, Units units) {}

    /**
     * The size of a picture in units, each of which is a token of the text.
     *
     * @param height rows of units
     * @param width units in a row
     */
    public record Units(int height, int width) {
        int count() {
            return height * width;
        }
    }

    /** Reads and checks preprocessor_config.json; what it leaves out is as published. */
    public static QwenPictures of(Config config) {
        config.accepts("do_resize", true);
        config.accepts("do_rescale", true);
        config.accepts("do_normalize", true);
        config.accepts("resample", 3);
        // newer files call the bounds so, although they are areas
        Config size = config.hasObject("size") ? config.object("size") : config;
        int least = area(config, "min_pixels", area(size, "shortest_edge", 56 * 56));
        int most = area(config, "max_pixels", area(size, "longest_edge", 12_845_056));
        int patchSize = config.count("patch_size", 14);
        int mergeSize = config.count("merge_size", 2);
        int unit = config.product("merge_size", patchSize, mergeSize);
        if ((long) unit * unit > most || least > most) {
            throw config.refuse(
                    "max_pixels",
                    "must be at least min_pixels " + least + " and one unit, got " + most,
                    PUBLISHED);
        }
        return new QwenPictures(
                least,
                most,
                patchSize,
                config.count("temporal_patch_size", 2),
                mergeSize,
                channels(config, "image_mean", List.of(0.48145466, 0.4578275, 0.40821073)),
                channels(config, "image_std", List.of(0.26862954, 0.26130258, 0.27577711)));
    }

    private static int area(Config config, String key, int absent) {
        return config.integer(key, absent, 1, MOST_PIXELS);
    }

    private static List<Double> channels(Config config, String key, List<Double> published) {
        List<Double> values = config.has(key) ? config.numbers(key) : published;
        double least = key.equals("image_std") ? 1e-3 : -MOST_CHANNEL;
        boolean usable = values.stream().allMatch(value -> value >= least && value <= MOST_CHANNEL);
        if (values.size() != CHANNELS || !usable) {
            throw config.refuse(
                    key,
                    "must be three numbers from "
                            + least
                            + " to "
                            + MOST_CHANNEL
                            + ", got "
                            + values,
                    PUBLISHED);
        }
        return List.copyOf(values);
    }

    /**
     * Units of a picture of this size after scaling.
     *
     * @throws RequestException if it is much longer than wide
     */
    Units units(int width, int height) {
        if (Math.max(width, height) > (long) MOST_RATIO * Math.min(width, height)) {
            throw new RequestException(
                    "a picture of "
                            + width
                            + "x"
                            + height
                            + " is too narrow to be looked at: one side is more than "
                            + MOST_RATIO
                            + " times the other; crop it");
        }
        double unit = patchSize * mergeSize;
        long rows = (long) Math.rint(height / unit);
        long columns = (long) Math.rint(width / unit);
        double area = (double) width * height;
        if (rows * columns * unit * unit > maxPixels) {
            double shrink = Math.sqrt(area / maxPixels);
            rows = Math.max(1, (long) Math.floor(height / shrink / unit));
            columns = Math.max(1, (long) Math.floor(width / shrink / unit));
        } else if (rows * columns * unit * unit < minPixels) {
            double grow = Math.sqrt(minPixels / area);
            rows = (long) Math.ceil(height * grow / unit);
            columns = (long) Math.ceil(width * grow / unit);
        }
        return new Units(Math.toIntExact(rows), Math.toIntExact(columns));
    }

    /**
     * Scales, normalises and cuts a picture.
     *
     * @throws RequestException if it is much longer than wide
     */
    public Patches patches(BufferedImage picture) {
        Units units = units(picture.getWidth(), picture.getHeight());
        int unit = patchSize * mergeSize;
        int width = units.width() * unit;
        int height = units.height() * unit;
        BufferedImage scaled = PictureScaling.BICUBIC.scale(picture, width, height);
        int[] rgb = scaled.getRGB(0, 0, width, height, null, 0, width);
        float[] values = new float[CHANNELS * frames * width * height];
        float[][] levels = levels();
        int at = 0;
        for (int patch = 0; patch < units.count() * mergeSize * mergeSize; patch++) {
            int top = row(patch, units) * patchSize;
            int left = column(patch, units) * patchSize;
            for (int channel = 0; channel < CHANNELS; channel++) {
                int shift = 8 * (CHANNELS - 1 - channel);
                for (int frame = 0; frame < frames; frame++) {
                    for (int i = 0; i < patchSize * patchSize; i++) {
                        int pixel = (top + i / patchSize) * width + left + i % patchSize;
                        values[at++] = levels[channel][rgb[pixel] >> shift & 0xff];
                    }
                }
            }
        }
        return new Patches(values, units);
    }

    /** The normalised value of each level of each channel. */
    private float[][] levels() {
        float[][] levels = new float[CHANNELS][256];
        for (int channel = 0; channel < CHANNELS; channel++) {
            double m = mean.get(channel);
            double d = deviation.get(channel);
            for (int level = 0; level < 256; level++) {
                levels[channel][level] = (float) ((level / 255.0 - m) / d);
            }
        }
        return levels;
    }

    /** Row, in patches, of a patch by its place in the order of {@link Patches}. */
    private int row(int patch, Units units) {
        int inside = patch % (mergeSize * mergeSize);
        return patch / (mergeSize * mergeSize) / units.width() * mergeSize + inside / mergeSize;
    }

    private int column(int patch, Units units) {
        int inside = patch % (mergeSize * mergeSize);
        return patch / (mergeSize * mergeSize) % units.width() * mergeSize + inside % mergeSize;
    }
}
