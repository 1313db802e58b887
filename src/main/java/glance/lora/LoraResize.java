package glance.lora;

import glance.api.RequestException;

/**
 * Changes the rank of adapters, module by module, losing as little as the new rank allows: the best
 * approximation in the Frobenius norm. See {@link LowRankSvd}.
 *
 * @param maxRank the largest rank that a module may keep, or {@link #NO_LIMIT}
 * @param energy the part of the squared norm that is enough, 0 to 1; 1 for all that maxRank allows
 */
public record LoraResize(int maxRank, double energy) {
    /** As maxRank: whatever the energy asks for. */
    public static final int NO_LIMIT = Integer.MAX_VALUE;

    /**
     * @throws RequestException if a value is out of range
     */
    public LoraResize {
        if (maxRank < 1) {
            throw new RequestException("rank must be at least 1, got " + maxRank);
        }
        if (!(energy > 0 && energy <= 1)) {
            throw new RequestException("energy must be above 0 and at most 1, got " + energy);
        }
    }

    /**
     * A module and what became of it.
     *
     * @param pair the new matrices, F32 with alpha = rank
     * @param kept the part of the squared norm that is left
     */
    public record Result(LoraPair pair, double kept) {}

    /**
     * Resizes one module. A rank above its own does not make it larger.
     *
     * @throws IllegalArgumentException naming the module, if a rank limit is above what a matrix of
     *     its size can have, or it holds values that are not finite
     */
    public Result apply(String module, LoraPair pair) {
        int largest = Math.min(pair.a().shape().dim(1), pair.b().shape().dim(0));
        if (maxRank != NO_LIMIT && maxRank > largest) {
            throw new IllegalArgumentException(
                    module
                            + ": rank must be at most "
                            + largest
                            + ", the smaller side of its weight, got "
                            + maxRank);
        }
        LowRankSvd svd = LowRankSvd.of(module, pair);
        int rank = Math.min(maxRank, svd.size());
        if (energy < 1) {
            rank = Math.min(rank, svd.rankFor(energy));
        }
        return new Result(svd.truncated(rank), svd.kept(rank));
    }
}
