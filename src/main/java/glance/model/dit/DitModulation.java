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

    /** Every tensor, to hand over to another scope. */
    public List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(blocks);
        all.add(out);
        return all;
    }
}
