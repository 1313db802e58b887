package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * The prediction of a {@link Denoiser} for fixed texts and noise levels.
 *
 * @param conditioning what differs from step to step, such as modulation vectors: [steps * rows,
 *     width] each, with the same rows for every step
 * @param constants what is the same at all steps but depends on the adapters and their strengths,
 *     such as a text that the network has refined
 * @param steps number of noise levels
 * @param prediction the network
 */
public record Velocity(
        List<Tensor> conditioning, List<Tensor> constants, int steps, Prediction prediction) {
    /** A prediction without constants. */
    public Velocity(List<Tensor> conditioning, int steps, Prediction prediction) {
        this(conditioning, List.of(), steps, prediction);
    }

    /**
     * A network that reads everything that differs between steps, or between strengths of its
     * adapters, from the tensors given to it.
     */
    @FunctionalInterface
    public interface Prediction {
        /**
         * Predicts the velocity. Nothing is read from host memory or written to it.
         *
         * @param latents [batch, tokens, channels]
         * @param conditioning of one step, [rows, width] each, and after it the constants
         * @return [batch, tokens, channels]
         */
        Tensor at(Ops ops, Tensor latents, List<Tensor> conditioning);
    }

    /** The conditioning of a step, as views: [rows, width] each; the constants are not among it. */
    public List<Tensor> conditioning(int step) {
        return conditioning.stream()
                .map(
                        all -> {
                            int rows = all.dim(0) / steps;
                            return all.narrow(0, step * rows, rows);
                        })
                .toList();
    }

    /**
     * Predicts the velocity at a step.
     *
     * @param latents [batch, tokens, channels]
     * @param step index into the sigmas given to {@link Denoiser#prepare}
     * @return [batch, tokens, channels]
     */
    public Tensor at(Ops ops, Tensor latents, int step) {
        List<Tensor> all = Stream.concat(conditioning(step).stream(), constants.stream()).toList();
        return prediction.at(ops, latents, all);
    }
}
