package glance.model.transformer;

import glance.api.FormatException;
import glance.io.Config;
import java.util.List;

/** How the dimensions of a head are shared out among the axes of rotary positions. */
public final class RopeAxes {
    private static final String REMEDY = "use the published config";

    private RopeAxes() {}

    /**
     * Reads the sizes.
     *
     * @param key mostly {@code axes_dims_rope}
     * @param published sizes where the key is absent
     * @param headDim what they have to add up to
     * @throws FormatException if there are not as many as published, one is odd, or the sum is
     *     another
     */
    public static List<Integer> read(
            Config config, String key, List<Integer> published, int headDim) {
        List<Integer> axes = config.has(key) ? config.integers(key) : published;
        boolean even = axes.stream().allMatch(size -> size > 0 && size % 2 == 0);
        boolean fits = axes.stream().mapToLong(size -> size).sum() == headDim;
        if (!even || !fits) {
            throw config.refuse(
                    key,
                    "must be even and add up to the size of a head, " + headDim + ", got " + axes,
                    REMEDY);
        }
        if (axes.size() != published.size()) {
            throw config.refuse(
                    key, "must have " + published.size() + " entries, got " + axes, REMEDY);
        }
        return axes;
    }
}
