package glance.train;

import glance.api.AdamWSettings;
import glance.api.RequestException;
import java.util.List;

/**
 * How an adapter is trained.
 *
 * @param targets names of modules, or their last parts, as in PEFT: {@code to_q}, {@code to_out.0}
 * @param rank inner dimension of the adapter
 * @param alpha the adapter's strength is alpha / rank
 * @param learningRate after the warm-up, constant
 * @param warmupSteps steps over which the rate rises linearly to its value; 0 for none
 * @param steps optimizer steps
 * @param accumulation examples whose gradients are averaged for one step
 * @param captionDropout probability that an example is shown without its caption
 * @param maxGradNorm longer gradients are shortened to this
 * @param checkpointing whether blocks are run again instead of kept
 * @param seed of everything that is drawn
 */
public record TrainingSettings(
        List<String> targets,
        int rank,
        float alpha,
        float learningRate,
        int warmupSteps,
        int steps,
        int accumulation,
        float captionDropout,
        float maxGradNorm,
        AdamWSettings optimizer,
        boolean checkpointing,
        long seed) {
    /** Wider than any layer of the families is; beyond the width of a layer a rank adds nothing. */
    public static final int MAX_RANK = 16384;

    /**
     * @throws RequestException if a value is out of range, naming it
     */
    public TrainingSettings {
        targets = List.copyOf(targets);
        require(!targets.isEmpty(), "targets: name at least one module");
        require(rank >= 1 && rank <= MAX_RANK, "rank: must be 1 to " + MAX_RANK + ", got " + rank);
        require(
                alpha > 0 && Float.isFinite(alpha),
                "alpha: must be a positive number, got " + alpha);
        require(
                learningRate > 0 && Float.isFinite(learningRate),
                "learning rate: must be a positive number, got " + learningRate);
        require(warmupSteps >= 0, "warm-up steps: must not be negative, got " + warmupSteps);
        require(steps >= 1, "steps: must be at least 1, got " + steps);
        require(accumulation >= 1, "accumulation: must be at least 1, got " + accumulation);
        require(
                captionDropout >= 0 && captionDropout <= 1,
                "caption dropout: must be 0 to 1, got " + captionDropout);
        require(maxGradNorm > 0, "max grad norm: must be positive, got " + maxGradNorm);
        requireShare("beta1", optimizer.beta1());
        requireShare("beta2", optimizer.beta2());
        require(optimizer.eps() > 0, "eps: must be positive, got " + optimizer.eps());
        require(
                optimizer.weightDecay() >= 0,
                "weight decay: must not be negative, got " + optimizer.weightDecay());
    }

    /** The same with all captions shown. */
    TrainingSettings withoutDropout() {
        return new TrainingSettings(
                targets,
                rank,
                alpha,
                learningRate,
                warmupSteps,
                steps,
                accumulation,
                0,
                maxGradNorm,
                optimizer,
                checkpointing,
                seed);
    }

    /** Learning rate of a step counted from 1. */
    public float rateAt(int step) {
        return step >= warmupSteps ? learningRate : learningRate * step / warmupSteps;
    }

    private static void requireShare(String name, float value) {
        require(value >= 0 && value < 1, name + ": must be at least 0 and below 1, got " + value);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new RequestException(message);
        }
    }
}
