package glance.model.flux;

import glance.io.Config;
import java.util.List;

/**
 * config.json of FluxTransformer2DModel.
 *
 * @param inChannels channels of a packed latent token
 * @param outChannels channels predicted for a token
 * @param numLayers dual-stream blocks
 * @param numSingleLayers single-stream blocks after them
 * @param textDim width of the T5 embeddings
 * @param pooledDim width of the pooled CLIP embedding
 * @param guidanceEmbeds whether the guidance scale is an input (dev) or not (schnell)
 * @param axesDims rotary sizes of frame, height and width; they add up to headDim
 */
public record FluxConfig(
        int inChannels,
        int outChannels,
        int numLayers,
        int numSingleLayers,
        int headDim,
        int numHeads,
        int textDim,
        int pooledDim,
        boolean guidanceEmbeds,
        List<Integer> axesDims) {

    /** Reads and checks config.json. */
    public static FluxConfig of(Config config) {
        config.accepts("patch_size", 1);
        int inChannels = config.positive("in_channels", 64);
        List<Integer> axes =
                config.has("axes_dims_rope")
                        ? config.integers("axes_dims_rope")
                        : List.of(16, 56, 56);
        int headDim = config.positive("attention_head_dim", 128);
        boolean even = axes.stream().allMatch(size -> size > 0 && size % 2 == 0);
        if (!even || axes.stream().mapToLong(size -> size).sum() != headDim) {
            throw config.refuse(
                    "axes_dims_rope",
                    "must be even and add up to attention_head_dim " + headDim + ", got " + axes,
                    "use the published config");
        }
        int numHeads = config.count("num_attention_heads", 24);
        config.product("num_attention_heads", numHeads, headDim);
        return new FluxConfig(
                inChannels,
                config.has("out_channels") ? config.positive("out_channels") : inChannels,
                config.count("num_layers", 19),
                config.integer("num_single_layers", 38, 0, Config.MAX_COUNT),
                headDim,
                numHeads,
                config.positive("joint_attention_dim", 4096),
                config.positive("pooled_projection_dim", 768),
                config.flag("guidance_embeds", false),
                axes);
    }

    /** Width of all streams. */
    public int hiddenDim() {
        return numHeads * headDim;
    }
}
