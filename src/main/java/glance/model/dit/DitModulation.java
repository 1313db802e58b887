package glance.model.dit;

import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Modulation vectors of all blocks for several pairs of timestep and class at once.
 *
 * @param blocks for each block [rows, 6 * dim]: shift, scale, gate of the attention, then of the
 *     MLP
 * @param out [rows, 2 * dim]: shift, scale of the last norm
 */
public record DitModulation(List<Tensor> blocks, Tensor out) {
    /** The vectors of rows {@code [start, start + count)}. */
    public DitModulation rows(int start, int count) {
        return new DitModulation(
                blocks.stream().map(t -> t.narrow(0, start, count)).toList(),
                out.narrow(0, start, count));
    }

    /** Every tensor. */
    public List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(blocks);
        all.add(out);
        return all;
    }

    /** Vectors of a model with so many blocks, in the order of {@link #tensors}. */
    static DitModulation of(List<Tensor> tensors, int blocks) {
        return new DitModulation(tensors.subList(0, blocks), tensors.get(blocks));
    }
}
