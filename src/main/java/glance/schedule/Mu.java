package glance.schedule;

/**
 * How far a dynamic shift bends a grid of noise levels, see {@link FlowMatchSchedule}. Larger
 * pictures need more of the high levels.
 */
@FunctionalInterface
public interface Mu {
    /**
     * The shift of a grid.
     *
     * @param imageSeqLen number of image tokens
     * @param steps of the grid
     */
    double at(int imageSeqLen, int steps);

    /**
     * The line through two points over the number of image tokens: calculate_shift of the
     * pipelines.
     *
     * @param base image tokens at which it is {@code baseShift}
     * @param max image tokens at which it is {@code maxShift}
     * @throws IllegalArgumentException if these are the same
     */
    static Mu line(int base, double baseShift, int max, double maxShift) {
        if (base == max) {
            throw new IllegalArgumentException(
                    "max_image_seq_len must be other than base_image_seq_len, got " + max);
        }
        double slope = (maxShift - baseShift) / (max - base);
        return (imageSeqLen, steps) -> imageSeqLen * slope + (baseShift - slope * base);
    }

    /** The same for all grids, as models have it that were distilled at one shift. */
    static Mu constant(double value) {
        return (imageSeqLen, steps) -> value;
    }
}
