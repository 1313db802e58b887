package glance.cli;

import glance.io.Config;
import glance.io.ModelFolder;
import glance.model.Family;
import java.util.List;
import java.util.Map;

/**
 * An estimate of the memory of a run on the CPU device: of the part of the model that needs most,
 * since parts are loaded one after the other. Weights count as they lie in the file; activations
 * are float32:
 *
 * <pre>
 * transformer   samples * (imageTokens + textTokens) * hiddenDim * 10 * 4 bytes
 * vae           width * height * baseDim * 7 * 4 bytes + a copy of its weights
 * </pre>
 *
 * <p>A block of the transformer holds at its widest point about ten rows of hiddenDim per token
 * (residual, normed input, q, k, v for the streams and joined, attention result). The last level of
 * the autoencoder holds about seven full-size maps (among them input, normed, convolved, shortcut,
 * and gathered patches); its filters are kept a second time, rearranged. Measured on glance-tiny:
 * transformer 2.0 MB at 64x64 (predicted 2.0) and 19.5 MB at 256x256 (16.7), autoencoder 6.5 MB
 * (5.6) and 33.0 MB (33.2).
 *
 * @param width of the picture in pixels
 * @param height of the picture in pixels
 * @param samples rows of the batch: 2 with guidance
 * @param weightBytes weights of the part that needs most
 * @param scratchBytes activations of the part that needs most
 * @param part its name
 */
record RunMemory(
        int width, int height, int samples, long weightBytes, long scratchBytes, String part) {
    private static final int TEXT_TOKENS = 64;
    private static final int ROWS_PER_TOKEN = 10;
    private static final int FULL_SIZE_MAPS = 7;
    private static final int SAMPLES = 2;

    /** Weights and activations together. */
    long totalBytes() {
        return weightBytes + scratchBytes;
    }

    /**
     * Estimates a run of one picture with guidance.
     *
     * @param geometry gives the default size of the model's pictures
     * @param weightBytes weights by component
     */
    static RunMemory estimate(
            ModelFolder folder, Family.Geometry geometry, Map<String, Long> weightBytes) {
        int size = geometry.defaultSize();
        Config transformer = folder.config("transformer");
        long hiddenDim =
                (long) transformer.integer("num_attention_heads")
                        * transformer.integer("attention_head_dim");
        long imageTokens = geometry.grid(size, size).tokens();
        long denoising =
                SAMPLES * (imageTokens + TEXT_TOKENS) * hiddenDim * ROWS_PER_TOKEN * Float.BYTES;
        long decoding =
                (long) size
                                * size
                                * folder.config("vae").integer("base_dim")
                                * FULL_SIZE_MAPS
                                * Float.BYTES
                        + weightBytes.getOrDefault("vae", 0L);
        return List.of(
                        part(size, weightBytes, "text_encoder", 0),
                        part(size, weightBytes, "transformer", denoising),
                        part(size, weightBytes, "vae", decoding))
                .stream()
                .max((a, b) -> Long.compare(a.totalBytes(), b.totalBytes()))
                .orElseThrow();
    }

    private static RunMemory part(
            int size, Map<String, Long> weightBytes, String part, long scratchBytes) {
        return new RunMemory(
                size, size, SAMPLES, weightBytes.getOrDefault(part, 0L), scratchBytes, part);
    }
}
