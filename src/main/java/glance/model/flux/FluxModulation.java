package glance.model.flux;

import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Modulation vectors of all blocks for several triples of noise level, guidance scale and pooled
 * text at once.
 *
 * @param image for each dual block [rows, 6 * dim]: shift, scale, gate of the attention, then of
 *     the MLP
 * @param text the same for the text stream
 * @param single for each single block [rows, 3 * dim]: shift, scale, gate
 * @param out [rows, 2 * dim]: scale, shift of the last norm
 */
public record FluxModulation(
        List<Tensor> image, List<Tensor> text, List<Tensor> single, Tensor out) {
    /** The vectors of rows {@code [start, start + count)}. */
    public FluxModulation rows(int start, int count) {
        return new FluxModulation(
                rows(image, start, count),
                rows(text, start, count),
                rows(single, start, count),
                out.narrow(0, start, count));
    }

    /** Every tensor. */
    public List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(image);
        all.addAll(text);
        all.addAll(single);
        all.add(out);
        return all;
    }

    /** Vectors of a model with so many blocks of each kind, in the order of {@link #tensors}. */
    static FluxModulation of(List<Tensor> tensors, int dual, int single) {
        return new FluxModulation(
                tensors.subList(0, dual),
                tensors.subList(dual, 2 * dual),
                tensors.subList(2 * dual, 2 * dual + single),
                tensors.get(2 * dual + single));
    }

    private static List<Tensor> rows(List<Tensor> vectors, int start, int count) {
        return vectors.stream().map(t -> t.narrow(0, start, count)).toList();
    }
}
