package glance.api;

/**
 * Constants of AdamW.
 *
 * @param eightBitMoments whether the moments of large parameters are kept in 8 bits: a quarter of
 *     the state's memory, for small rounding errors in it
 */
public record AdamWSettings(
        float beta1, float beta2, float eps, float weightDecay, boolean eightBitMoments) {
    /** Moments in F32. */
    public AdamWSettings(float beta1, float beta2, float eps, float weightDecay) {
        this(beta1, beta2, eps, weightDecay, false);
    }

    /** Those of torch.optim.AdamW and of the paper: 0.9, 0.999, 1e-8, 0.01, moments in F32. */
    public static AdamWSettings defaults() {
        return new AdamWSettings(0.9f, 0.999f, 1e-8f, 0.01f);
    }

    /** The same with moments of another kind. */
    public AdamWSettings withEightBitMoments(boolean wanted) {
        return new AdamWSettings(beta1, beta2, eps, weightDecay, wanted);
    }
}
