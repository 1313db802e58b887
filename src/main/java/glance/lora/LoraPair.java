package glance.lora;

import glance.io.HostTensor;

/**
 * The adapter of one module, as in the file: {@code W + alpha / rank B A}.
 *
 * @param a lora_A or "down", [rank, in]
 * @param b lora_B or "up", [out, rank]
 * @param alpha numerator of the scale
 */
public record LoraPair(HostTensor a, HostTensor b, float alpha) {
    /** Number of rows of a and of columns of b. */
    public int rank() {
        return a.shape().dim(0);
    }

    /** {@code alpha / rank}, what the product is multiplied by at strength 1. */
    public float scale() {
        return alpha / rank();
    }
}
