package glance.api.adapter;

import glance.api.RequestException;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes an adapter of what fine-tuning changed in the linear layers of a model's transformer.
 *
 * @param base the model before: its folder, its transformer's, or a file
 * @param tuned the model after, likewise
 * @param rank of the adapter
 * @param targets only modules with these names, or with these after a dot; empty for all
 */
public record Extract(Path base, Path tuned, int rank, List<String> targets) {
    /**
     * @throws RequestException if the rank is below 1
     */
    public Extract {
        if (rank < 1) {
            throw new RequestException("rank must be at least 1, got " + rank);
        }
        targets = List.copyOf(targets);
    }

    /**
     * Of all linear layers.
     *
     * @throws RequestException if the rank is below 1
     */
    public static Extract of(Path base, Path tuned, int rank) {
        return new Extract(base, tuned, rank, List.of());
    }

    /** The same of these modules alone. */
    public Extract targets(String... others) {
        return new Extract(base, tuned, rank, List.of(others));
    }

    /**
     * How well the adapter holds the change of a module.
     *
     * @param module its name
     * @param norm Frobenius norm of the change
     * @param lost the share of that norm which the adapter does not hold
     */
    public record Module(String module, double norm, double lost) {}
}
