package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/** The prediction of a {@link Denoiser} for fixed texts and noise levels. */
public record Velocity(Conditioning conditioning, Prediction prediction) {
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
         * @param vectors of one step, [rows, width] each: see {@link Conditioning}
         * @param constants likewise
         * @return [batch, tokens, channels]
         */
        Tensor at(Ops ops, Tensor latents, List<Tensor> vectors, List<Tensor> constants);
    }

    /**
     * Predicts the velocity at a step.
     *
     * @param latents [batch, tokens, channels]
     * @param step index into the sigmas given to {@link Denoiser#prepare}
     * @return [batch, tokens, channels]
     */
    public Tensor at(Ops ops, Tensor latents, int step) {
        return prediction.at(ops, latents, conditioning.vectors(step), conditioning.constants());
    }
}
