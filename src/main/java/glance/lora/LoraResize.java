package glance.lora;

import glance.api.RequestException;
import glance.tensor.Shape;
import java.util.stream.IntStream;

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
     * @param before its rank before
     * @param pair the new matrices, F32 with alpha = rank
     * @param kept the part of the squared norm that is left
     */
    public record Result(int before, LoraPair pair, double kept) {}

    /**
     * Resizes one module. A rank above its own does not make it larger; of what is of full rank
     * this makes a LoRA.
     *
     * @throws IllegalArgumentException naming the module, if a rank limit is above what a matrix of
     *     its size can have or missing where it is needed, or it holds values that are not finite
     */
    public Result apply(String module, Update update) {
        Shape shape = update.shape();
        int largest = Math.min(shape.dim(0), shape.dim(1));
        if (largest <= 1) {
            throw new IllegalArgumentException(
                    module + ": is a vector, which a LoRA cannot hold; merge the adapter instead");
        }
        if (maxRank != NO_LIMIT && maxRank > largest) {
            throw new IllegalArgumentException(
                    module
                            + ": rank must be at most "
                            + largest
                            + ", the smaller side of its weight, got "
                            + maxRank);
        }
        if (update.full() != null) {
            return ofFullRank(module, update, largest);
        }
        LowRankSvd svd = LowRankSvd.of(module, update.pair());
        int rank = Math.min(maxRank, svd.size());
        if (energy < 1) {
            rank = Math.min(rank, svd.rankFor(energy));
        }
        return new Result(update.pair().rank(), svd.truncated(rank), svd.kept(rank));
    }

    private Result ofFullRank(String module, Update update, int largest) {
        if (maxRank == NO_LIMIT) {
            throw new IllegalArgumentException(
                    module + ": is " + update.kind() + ", of full rank; give the rank of a LoRA");
        }
        float[][] rows = new float[update.shape().dim(0)][update.shape().dim(1)];
        UpdateRows all = new UpdateRows(new LoraMerge.Part(update, 1));
        IntStream.range(0, rows.length).parallel().forEach(o -> all.addDifference(o, rows[o]));
        LargeMatrix matrix = new LargeMatrix(rows);
        double whole = matrix.energy();
        if (!(whole > 0 && Double.isFinite(whole))) {
            throw new IllegalArgumentException(
                    module + ": the adapter must be finite and not all zeros");
        }
        LowRankSvd svd = RandomizedSvd.of(matrix, maxRank);
        int rank = 1;
        while (rank < maxRank && svd.energy(rank) < energy * whole) {
            rank++;
        }
        return new Result(largest, svd.truncated(rank), svd.energy(rank) / whole);
    }
}
