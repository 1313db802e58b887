package glance.api.adapter;

import java.util.List;

/**
 * An adapter, and how much it changes the weights that it is for.
 *
 * @param adapter what it holds
 * @param updates its products of two matrices, in the order of the file; empty if the engine cannot
 *     use it
 */
public record AdapterReport(AdapterInfo adapter, List<Update> updates) {
    public AdapterReport {
        updates = List.copyOf(updates);
    }

    /**
     * The update of one module, alpha / rank B A.
     *
     * @param module its name without prefix
     * @param in columns of its weight
     * @param out rows of its weight
     * @param rank rows of A
     * @param alpha numerator of the scale
     * @param norm Frobenius norm of the update
     * @param largest its largest singular value
     * @param rankFor95 the rank that keeps 95 % of the squared norm
     */
    public record Update(
            String module,
            int in,
            int out,
            int rank,
            float alpha,
            double norm,
            double largest,
            int rankFor95) {}
}
