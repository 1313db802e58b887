package glance.model.qwenimage;

import glance.io.Config;
import glance.model.transformer.RopeAxes;
import java.util.List;

/**
 * config.json of QwenImageTransformer2DModel.
 *
 * @param inChannels channels of a packed latent token (patch x patch x latent channels)
 * @param outChannels latent channels that a token predicts for each of its patch x patch pixels
 * @param axesDims rotary sizes of frame, height and width; they add up to headDim
 * @param stillReferences whether the tokens of reference pictures are modulated as at noise level 0
 *     ({@code zero_cond_t}), as Qwen-Image-Edit-2511 was trained
 */
public record QwenImageConfig(
        int patchSize,
        int inChannels,
        int outChannels,
        int numLayers,
        int headDim,
        int numHeads,
        int textDim,
        List<Integer> axesDims,
        boolean stillReferences) {
    /** The key of {@link #stillReferences}. */
    static final String STILL = "zero_cond_t";

    /** Reads and checks config.json. */
    public static QwenImageConfig of(Config config) {
        config.accepts("guidance_embeds", false);
        config.accepts("use_additional_t_cond", false);
        config.accepts("use_layer3d_rope", false);
        int inChannels = config.positive("in_channels", 64);
        int headDim = config.positive("attention_head_dim", 128);
        List<Integer> axes = RopeAxes.read(config, "axes_dims_rope", List.of(16, 56, 56), headDim);
        int patchSize = config.count("patch_size", 2);
        int numHeads = config.count("num_attention_heads", 24);
        config.product("num_attention_heads", numHeads, headDim);
        config.product("patch_size", patchSize, patchSize, inChannels);
        return new QwenImageConfig(
                patchSize,
                inChannels,
                config.has("out_channels") ? config.positive("out_channels") : inChannels,
                config.count("num_layers", 60),
                headDim,
                numHeads,
                config.positive("joint_attention_dim", 3584),
                axes,
                config.flag(STILL, false));
    }

    /** Width of both streams. */
    public int hiddenDim() {
        return numHeads * headDim;
    }
}
