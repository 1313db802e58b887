package glance.api.adapter;

import java.util.List;

/**
 * An adapter, and how much it changes the weights that it is for.
 *
 * @param adapter what it holds
 * @param updates what it adds to weights, in the order of the file; empty if the engine cannot use
 *     it
 */
public record AdapterReport(AdapterInfo adapter, List<Update> updates) {
    public AdapterReport {
        updates = List.copyOf(updates);
    }

    /**
     * The update of one module: alpha / rank B A, or an addition of full rank (LoHa, LoKr, whole
     * differences).
     *
     * @param module its name without prefix
     * @param in columns of its weight
     * @param out rows of its weight
     * @param rank rows of A; 0 of what is of full rank
     * @param alpha numerator of the scale; 0 of what is of full rank
     * @param norm Frobenius norm of the update
     * @param largest its largest singular value; null of what is of full rank
     * @param rankFor95 the rank that keeps 95 % of the squared norm; null of what is of full rank
     */
    public record Update(
            String module,
            int in,
            int out,
            int rank,
            float alpha,
            double norm,
            Double largest,
            Integer rankFor95) {}
}
