package glance.backend;

/** Constants of AdamW; the defaults are those of torch.optim.AdamW and of the paper. */
public record AdamWSettings(float beta1, float beta2, float eps, float weightDecay) {
    /** 0.9, 0.999, 1e-8, 0.01. */
    public static AdamWSettings defaults() {
        return new AdamWSettings(0.9f, 0.999f, 1e-8f, 0.01f);
    }
}
