package glance.api;

import java.util.List;

/**
 * What the strength of an adapter is multiplied by in some blocks of a transformer. Blocks count
 * from 0 in the order in which they run: in FLUX.1-dev the dual-stream blocks are 0 to 18, the
 * single-stream blocks 19 to 56. Layers outside the blocks, and blocks that are not named, have
 * factor 1.
 *
 * @param ranges with no block in common
 */
public record BlockFactors(List<Range> ranges) {
    /** Factor 1 everywhere. */
    public static final BlockFactors ONE = new BlockFactors(List.of());

    /**
     * Some blocks.
     *
     * @param first counting from 0
     * @param last at least first
     * @param factor a finite number; 0 leaves the blocks out
     */
    public record Range(int first, int last, float factor) {
        /**
         * @throws RequestException if the range runs backwards, or the factor is not finite
         */
        public Range {
            if (first < 0 || first > last) {
                throw new RequestException(
                        "blocks must be FIRST-LAST, counting from 0, got " + first + "-" + last);
            }
            if (!Float.isFinite(factor)) {
                throw new RequestException(
                        "blocks " + first + "-" + last + ": the factor is " + factor);
            }
        }
    }

    /**
     * @throws RequestException if a block is in two ranges
     */
    public BlockFactors {
        ranges = List.copyOf(ranges);
        for (int i = 0; i < ranges.size(); i++) {
            for (Range other : ranges.subList(0, i)) {
                Range range = ranges.get(i);
                if (range.first() <= other.last() && other.first() <= range.last()) {
                    throw new RequestException(
                            "blocks: "
                                    + Math.max(range.first(), other.first())
                                    + " is in two ranges");
                }
            }
        }
    }

    /** The factor of a block. */
    public float of(int block) {
        for (Range range : ranges) {
            if (range.first() <= block && block <= range.last()) {
                return range.factor();
            }
        }
        return 1;
    }
}
