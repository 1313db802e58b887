package glance.model.dit;

import glance.io.Config;

/**
 * config.json of DiTTransformer2DModel.
 *
 * @param outChannels channels predicted for each latent pixel: the noise and, where twice the
 *     input's, the learned variance, which DDIM does not use
 * @param sampleSize side of the latents in pixels that positions were trained for
 * @param numClasses classes; the class of this index is that of unconditional guidance
 * @param normEps of the norm before the MLP
 */
public record DitConfig(
        int patchSize,
        int inChannels,
        int outChannels,
        int numLayers,
        int headDim,
        int numHeads,
        int sampleSize,
        int numClasses,
        float normEps) {
    /** In latent pixels: pictures of 4096 pixels a side. */
    private static final int MAX_SAMPLE_SIZE = 512;

    /** Reads and checks config.json. */
    public static DitConfig of(Config config) {
        config.accepts("norm_type", "ada_norm_zero");
        config.accepts("activation_fn", "gelu-approximate");
        config.accepts("attention_bias", true);
        config.accepts("norm_elementwise_affine", false);
        int inChannels = config.positive("in_channels", 4);
        int outChannels = config.has("out_channels") ? config.positive("out_channels") : inChannels;
        if (outChannels != inChannels && outChannels != 2 * inChannels) {
            throw config.refuse(
                    "out_channels",
                    "expected in_channels "
                            + inChannels
                            + ", or twice that with a learned variance, got "
                            + outChannels,
                    "use the published config");
        }
        int patchSize = config.count("patch_size", 2);
        int headDim = config.positive("attention_head_dim", 72);
        int numHeads = config.count("num_attention_heads", 16);
        config.product("num_attention_heads", numHeads, headDim);
        config.product("patch_size", patchSize, patchSize, Math.max(inChannels, outChannels));
        return new DitConfig(
                patchSize,
                inChannels,
                outChannels,
                config.count("num_layers", 28),
                headDim,
                numHeads,
                config.integer("sample_size", 32, 1, MAX_SAMPLE_SIZE),
                config.positive("num_embeds_ada_norm", 1000),
                config.epsilon("norm_eps", 1e-5));
    }

    /** Width of the stream. */
    public int hiddenDim() {
        return numHeads * headDim;
    }

    /** Tokens along one side of the picture that positions were trained for. */
    int baseTokens() {
        return sampleSize / patchSize;
    }
}
