package glance.pipeline;

import glance.model.Family;

/**
 * Classifier-free guidance: {@code n + scale (v - n)}. Ho and Salimans, arXiv 2207.12598.
 *
 * @param scale 1 for none; then the negative prompt is not run
 * @param rescale whether the result keeps the length of v, per token
 * @param embedded scale that a distilled model takes as an input instead; others ignore it
 */
public record Guidance(float scale, boolean rescale, float embedded) {
    /** Guidance of a model that takes no scale as an input. */
    public Guidance(float scale, boolean rescale) {
        this(scale, rescale, 0);
    }

    /** What a family wants where the user does not choose. */
    public static Guidance of(Family.Defaults defaults) {
        return new Guidance(defaults.guidance(), defaults.rescale(), defaults.embeddedGuidance());
    }

    /** Whether the negative prompt takes part. */
    public boolean isActive() {
        return scale != 1;
    }
}
