package glance.model.qwenimage;

import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Modulation vectors of all blocks for several timesteps at once. They depend on sigma (and the
 * active adapter) alone, so one product with a row per step serves a whole plan.
 *
 * @param image for each block [steps, 6 * dim]: shift, scale, gate of the attention, then of the
 *     MLP
 * @param text the same for the text stream
 * @param out [steps, 2 * dim]: scale, shift of the last norm
 */
public record QwenImageModulation(List<Tensor> image, List<Tensor> text, Tensor out) {
    /** The vectors of steps {@code [start, start + count)}. */
    public QwenImageModulation rows(int start, int count) {
        return new QwenImageModulation(
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
    static QwenImageModulation of(List<Tensor> tensors, int blocks) {
        return new QwenImageModulation(
                tensors.subList(0, blocks),
                tensors.subList(blocks, 2 * blocks),
                tensors.get(2 * blocks));
    }
}
