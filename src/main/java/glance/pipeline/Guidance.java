package glance.pipeline;

import glance.api.AdapterSide;
import glance.model.Family;
import glance.model.GuidanceForm;

/**
 * Classifier-free guidance: {@code n + scale (v - n)}. Ho and Salimans, arXiv 2207.12598.
 *
 * @param number its strength as the model card counts it
 * @param form how the model card counts
 * @param rescale whether the result keeps the length of v, per token
 * @param limit how many times as long as v the result may be, over the whole sample; 0 for any
 * @param embedded scale that a distilled model takes as an input instead; others ignore it
 * @param adaptersOn where adapters act
 */
public record Guidance(
        float number,
        GuidanceForm form,
        boolean rescale,
        float limit,
        float embedded,
        AdapterSide adaptersOn) {
    /** Guidance with adapters on both sides. */
    public Guidance(float number, GuidanceForm form, boolean rescale, float limit, float embedded) {
        this(number, form, rescale, limit, embedded, AdapterSide.BOTH);
    }

    /** Guidance of a model that takes no scale as an input, and is off at 1. */
    public Guidance(float number, boolean rescale) {
        this(number, rescale, 0);
    }

    /** Guidance without a limit, off at 1. */
    public Guidance(float number, boolean rescale, float embedded) {
        this(number, GuidanceForm.FROM_NEGATIVE, rescale, 0, embedded);
    }

    /** What a family wants where the user does not choose. */
    public static Guidance of(Family.Defaults defaults) {
        return new Guidance(
                defaults.guidance(),
                defaults.form(),
                defaults.rescale(),
                0,
                defaults.embeddedGuidance());
    }

    /** What the difference of the two velocities is multiplied by; 1 without guidance. */
    public float scale() {
        return form.scale(number);
    }

    /** Whether the negative prompt takes part, and adapters do not act under it. */
    boolean sparesNegative() {
        return isActive() && adaptersOn == AdapterSide.POSITIVE;
    }

    /** Whether the negative prompt takes part. */
    public boolean isActive() {
        return scale() != 1;
    }
}
