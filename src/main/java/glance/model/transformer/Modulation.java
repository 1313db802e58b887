package glance.model.transformer;

import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Modulation vectors of all blocks for several conditions at once, such as noise level, guidance
 * scale and pooled text. They depend on these (and the active adapter) alone, so one product with a
 * row per step serves a whole plan.
 *
 * @param image for each block with two streams [rows, 6 * dim]: shift, scale, gate of the
 *     attention, then of the MLP; a second attention has its three at the end
 * @param text the same for the text stream; a block that drops the text has scale and shift alone
 * @param single for each block with one stream [rows, 3 * dim] or [rows, 6 * dim]: shift, scale,
 *     gate of the attention, and of an MLP behind it; Krea 2 has the scale first
 * @param out [rows, 2 * dim] of the last norm
 */
public record Modulation(List<Tensor> image, List<Tensor> text, List<Tensor> single, Tensor out) {
    /** Vectors of a model with so many blocks of each kind, in the order of {@link #tensors}. */
    public static Modulation of(List<Tensor> tensors, int dual, int single) {
        return new Modulation(
                tensors.subList(0, dual),
                tensors.subList(dual, 2 * dual),
                tensors.subList(2 * dual, 2 * dual + single),
                tensors.get(2 * dual + single));
    }

    /** The vectors of rows {@code [start, start + count)}. */
    public Modulation rows(int start, int count) {
        return new Modulation(
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

    private static List<Tensor> rows(List<Tensor> vectors, int start, int count) {
        return vectors.stream().map(t -> t.narrow(0, start, count)).toList();
    }
}
