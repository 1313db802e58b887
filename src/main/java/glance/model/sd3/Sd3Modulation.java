package glance.model.sd3;

import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Modulation vectors of all blocks for several pairs of noise level and pooled text at once.
 *
 * @param image for each block [rows, 6 * dim]: shift, scale, gate of the attention, then of the
 *     MLP; with a second attention [rows, 9 * dim], its three at the end
 * @param text for each block [rows, 6 * dim]; for the last [rows, 2 * dim]: scale, shift
 * @param out [rows, 2 * dim]: scale, shift of the last norm
 */
public record Sd3Modulation(List<Tensor> image, List<Tensor> text, Tensor out) {
    /** The vectors of rows {@code [start, start + count)}. */
    public Sd3Modulation rows(int start, int count) {
        return new Sd3Modulation(
                image.stream().map(t -> t.narrow(0, start, count)).toList(),
                text.stream().map(t -> t.narrow(0, start, count)).toList(),
                out.narrow(0, start, count));
    }

    /** Every tensor. */
    public List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(image);
        all.addAll(text);
        all.add(out);
        return all;
    }

    /** Vectors of a model with so many blocks, in the order of {@link #tensors}. */
    static Sd3Modulation of(List<Tensor> tensors, int blocks) {
        return new Sd3Modulation(
                tensors.subList(0, blocks),
                tensors.subList(blocks, 2 * blocks),
                tensors.get(2 * blocks));
    }
}
