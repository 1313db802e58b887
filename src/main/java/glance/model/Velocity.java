package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/**
 * The prediction of a {@link Denoiser} for fixed texts and noise levels.
 *
 * @param conditioning what differs from step to step, such as modulation vectors: [steps * rows,
 *     width] each, with the same rows for every step
 * @param steps number of noise levels
 * @param prediction the network
 */
public record Velocity(List<Tensor> conditioning, int steps, Prediction prediction) {
    /** A network that reads everything that differs between steps from the tensors given to it. */
    @FunctionalInterface
    public interface Prediction {
        /**
         * Predicts the velocity. Nothing is read from host memory or written to it.
         *
         * @param latents [batch, tokens, channels]
         * @param conditioning of one step, [rows, width] each
         * @return [batch, tokens, channels]
         */
        Tensor at(Ops ops, Tensor latents, List<Tensor> conditioning);
    }

    /** The conditioning of a step, as views: [rows, width] each. */
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
        return prediction.at(ops, latents, conditioning(step));
    }
}
