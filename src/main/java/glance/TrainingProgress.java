package glance;

/**
 * How far a training is.
 *
 * @param phase whose adapter is trained
 * @param step that is done, counted from 1
 * @param steps of each phase
 * @param loss mean squared error of the step, mean over its examples
 * @param learningRate of the step
 * @param gradientNorm before it was limited
 * @param stepSeconds time of this step
 * @param secondsLeft for the steps that are left in all phases, at the mean time of a step
 */
public record TrainingProgress(
        String phase,
        int step,
        int steps,
        float loss,
        float learningRate,
        float gradientNorm,
        double stepSeconds,
        double secondsLeft) {}
