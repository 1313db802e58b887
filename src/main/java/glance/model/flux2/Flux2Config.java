package glance.model.flux2;

import glance.io.Config;
import glance.model.transformer.RopeAxes;
import java.util.List;

/**
 * config.json of Flux2Transformer2DModel.
 *
 * @param inChannels channels of a packed latent token
 * @param outChannels channels predicted for a token
 * @param numLayers dual-stream blocks
 * @param numSingleLayers single-stream blocks after them
 * @param textDim width of the text embeddings
 * @param mlpDim inner width of the MLPs
 * @param timeChannels sinusoids that stand for a noise level or a guidance scale
 * @param guidanceEmbeds whether the guidance scale is an input (dev) or not (klein)
 * @param axesDims rotary sizes of picture, row, column and text token; they add up to headDim
 * @param theta base of the rotary frequencies
 */
public record Flux2Config(
        int inChannels,
        int outChannels,
        int numLayers,
        int numSingleLayers,
        int headDim,
        int numHeads,
        int textDim,
        int mlpDim,
        int timeChannels,
        boolean guidanceEmbeds,
        List<Integer> axesDims,
        double theta) {
    static final List<Integer> PUBLISHED_AXES = List.of(32, 32, 32, 32);

    private static final double MAX_MLP_RATIO = 64;
    private static final double MAX_THETA = 1e9;

    /** Reads and checks config.json. */
    public static Flux2Config of(Config config) {
        config.accepts("patch_size", 1);
        config.accepts("eps", 1e-6);
        int inChannels = config.positive("in_channels", 128);
        int headDim = config.positive("attention_head_dim", 128);
        int numHeads = config.count("num_attention_heads", 48);
        int hiddenDim = config.product("num_attention_heads", numHeads, headDim);
        double ratio = config.number("mlp_ratio", 3, 0, MAX_MLP_RATIO);
        int timeChannels = config.positive("timestep_guidance_channels", 256);
        if (timeChannels % 2 != 0) {
            throw config.refuse(
                    "timestep_guidance_channels", "must be even, got " + timeChannels, null);
        }
        if ((int) (hiddenDim * ratio) < 1) {
            throw config.refuse("mlp_ratio", "leaves MLPs no width, got " + ratio, null);
        }
        return new Flux2Config(
                inChannels,
                config.has("out_channels") ? config.positive("out_channels") : inChannels,
                config.count("num_layers", 8),
                config.integer("num_single_layers", 48, 0, Config.MAX_COUNT),
                headDim,
                numHeads,
                config.positive("joint_attention_dim", 15360),
                (int) (hiddenDim * ratio),
                timeChannels,
                config.flag("guidance_embeds", true),
                RopeAxes.read(config, "axes_dims_rope", PUBLISHED_AXES, headDim),
                config.number("rope_theta", 2000, 1, MAX_THETA));
    }

    /** Width of all streams. */
    public int hiddenDim() {
        return numHeads * headDim;
    }
}
