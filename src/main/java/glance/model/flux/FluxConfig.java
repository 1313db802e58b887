package glance.model.flux;

import glance.io.Config;
import glance.model.transformer.RopeAxes;
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
        int headDim = config.positive("attention_head_dim", 128);
        List<Integer> axes = RopeAxes.read(config, "axes_dims_rope", List.of(16, 56, 56), headDim);
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
