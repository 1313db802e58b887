package glance.pipeline;

/**
 * Classifier-free guidance: {@code n + scale (v - n)}. Ho and Salimans, arXiv 2207.12598.
 *
 * @param scale 1 for none; then the negative prompt is not run
 * @param rescale whether the result keeps the length of v, per token
 */
public record Guidance(float scale, boolean rescale) {
    /** Whether the negative prompt takes part. */
    public boolean isActive() {
        return scale != 1;
    }
}
