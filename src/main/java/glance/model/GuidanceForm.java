package glance.model;

/**
 * How a model card counts guidance, with v the velocity under the prompt and n that under the
 * negative prompt. Inside there is one count, the scale of {@code n + scale (v - n)}, which is 1
 * without guidance.
 */
public enum GuidanceForm {
    /** {@code n + g (v - n)}; 1 is none. */
    FROM_NEGATIVE(1),

    /** {@code v + g (v - n)}; 0 is none. */
    BEYOND_PROMPT(0);

    private final float off;

    GuidanceForm(float off) {
        this.off = off;
    }

    /** The number that turns guidance off, and the least that makes sense. */
    public float off() {
        return off;
    }

    /** The scale for a model card's number. */
    public float scale(float number) {
        return number + (1 - off);
    }

    /** The model card's number for a scale. */
    public float number(float scale) {
        return scale - (1 - off);
    }

    /** The form with this number for none. */
    public static GuidanceForm offAt(float number) {
        return number == BEYOND_PROMPT.off ? BEYOND_PROMPT : FROM_NEGATIVE;
    }
}
