package glance.schedule;

/**
 * The noise levels that a model was trained for. At the level sigma the latents are {@code (1 -
 * sigma) data + sigma noise}, whatever the parametrisation of the model itself.
 */
@FunctionalInterface
public interface NoiseSchedule {
    /**
     * The noise level of each step, falling, and a final 0.
     *
     * @param steps at least 1
     * @param imageSeqLen number of image tokens
     * @return steps + 1 values
     * @throws IllegalArgumentException if there is no such grid
     */
    float[] sigmas(int steps, int imageSeqLen);
}
