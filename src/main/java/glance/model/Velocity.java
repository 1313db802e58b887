package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
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

    /**
     * One prediction for a batch whose samples have different adapters.
     *
     * @param shares prepared for the whole batch each, under the adapters of even, consecutive
     *     shares of its samples
     * @param batch number of samples
     */
    public static Velocity ofShares(Ops ops, List<Velocity> shares, int batch) {
        Velocity first = shares.get(0);
        return new Velocity(
                joined(
                        ops,
                        shares.stream().map(Velocity::conditioning).toList(),
                        first.steps,
                        batch),
                joined(ops, shares.stream().map(Velocity::constants).toList(), 1, batch),
                first.steps,
                first.prediction);
    }

    private static List<Tensor> joined(Ops ops, List<List<Tensor>> shares, int steps, int batch) {
        List<Tensor> result = new ArrayList<>();
        for (int i = 0; i < shares.get(0).size(); i++) {
            Tensor first = shares.get(0).get(i);
            int rows = first.dim(0) / steps;
            List<Tensor> samples = new ArrayList<>();
            for (int sample = 0; sample < batch; sample++) {
                Tensor own = shares.get(sample * shares.size() / batch).get(i);
                Tensor bySteps = ops.contiguous(own).reshape(steps, rows, -1);
                samples.add(bySteps.narrow(1, rows == 1 ? 0 : sample, 1));
            }
            Tensor all = ops.concat(1, samples);
            result.add(all.reshape(first.shape().with(0, steps * batch).dims()));
        }
        return result;
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
