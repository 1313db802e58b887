package glance.backend.cpu;

import glance.api.AdamWSettings;

/** The arithmetic of AdamW on plain arrays; Loshchilov and Hutter, arXiv 1711.05101. */
final class AdamWUpdate {
    private final AdamWSettings settings;
    private final float clip;
    private final float decay;
    private final float stepSize;
    private final double correction2;

    AdamWUpdate(AdamWSettings settings, float clip, float learningRate, int step) {
        this.settings = settings;
        this.clip = clip;
        decay = 1 - learningRate * settings.weightDecay();
        stepSize = (float) (learningRate / (1 - Math.pow(settings.beta1(), step)));
        correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), step));
    }

    /** One step on {@code count} parameters from position {@code p}, with moments at m and v. */
    void run(
            float[] values,
            int p,
            float[] gradients,
            int g,
            float[] first,
            int m,
            float[] second,
            int v,
            int count) {
        float beta1 = settings.beta1();
        float beta2 = settings.beta2();
        for (int i = 0; i < count; i++) {
            float gradient = gradients[g + i] * clip;
            first[m + i] += (gradient - first[m + i]) * (1 - beta1);
            second[v + i] = second[v + i] * beta2 + gradient * gradient * (1 - beta2);
            float denominator = (float) (Math.sqrt(second[v + i]) / correction2) + settings.eps();
            values[p + i] = values[p + i] * decay - stepSize * first[m + i] / denominator;
        }
    }
}
