package glance.model.krea2;

import glance.io.Config;
import glance.model.transformer.RopeAxes;
import java.util.List;

/**
 * config.json of Krea2Transformer2DModel.
 *
 * @param inChannels channels of a packed latent token, and those predicted for it
 * @param numLayers blocks over text and picture
 * @param mlpDim inner width of their MLP
 * @param waves sinusoids that stand for the noise level
 * @param text what joins the layers of the text encoder
 * @param axesDims rotary sizes of frame, height and width; they add up to headDim
 * @param ropeTheta base of the rotary frequencies
 * @param eps of all norms
 */
public record Krea2Config(
        int inChannels,
        int numLayers,
        Heads heads,
        int mlpDim,
        int waves,
        Text text,
        List<Integer> axesDims,
        double ropeTheta,
        float eps) {

    /**
     * Heads of an attention.
     *
     * @param count of the queries
     * @param keys heads of the keys and values, each read by {@code count / keys} of the queries
     * @param dim width of one
     */
    record Heads(int count, int keys, int dim) {
        /** Width of all queries. */
        int width() {
            return count * dim;
        }
    }

    /**
     * The text's own blocks.
     *
     * @param layers layers of the text encoder that each token has
     * @param mlpDim inner width of the MLP
     * @param layerBlocks blocks that attend over the layers of one token
     * @param tokenBlocks blocks that attend over the tokens
     */
    record Text(int layers, Heads heads, int mlpDim, int layerBlocks, int tokenBlocks) {
        /** Width of a layer of the text encoder. */
        int dim() {
            return heads.width();
        }
    }

    /** Reads and checks config.json. */
    public static Krea2Config of(Config config) {
        int headDim = config.positive("attention_head_dim", 128);
        List<Integer> axes = RopeAxes.read(config, "axes_dims_rope", List.of(32, 48, 48), headDim);
        int numHeads = config.count("num_attention_heads", 48);
        config.product("num_attention_heads", numHeads, headDim, 6);
        Heads heads = heads(config, numHeads, "num_key_value_heads", 12, headDim);
        int waves = config.positive("timestep_embed_dim", 256);
        if (waves % 2 != 0) {
            throw config.refuse(
                    "timestep_embed_dim", "must be even, got " + waves, "use the published config");
        }
        return new Krea2Config(
                config.positive("in_channels", 64),
                config.count("num_layers", 28),
                heads,
                config.positive("intermediate_size", 16384),
                waves,
                text(config),
                axes,
                config.number("rope_theta", 1000, 1, Float.MAX_VALUE),
                config.epsilon("norm_eps", 1e-5));
    }

    private static Text text(Config config) {
        int dim = config.positive("text_hidden_dim", 2560);
        int numHeads = config.count("text_num_attention_heads", 20);
        if (dim % numHeads != 0) {
            throw config.refuse(
                    "text_hidden_dim",
                    "must be a multiple of text_num_attention_heads " + numHeads + ", got " + dim,
                    "use the published config");
        }
        int layers = config.count("num_text_layers", 12);
        config.product("num_text_layers", layers, dim);
        return new Text(
                layers,
                heads(config, numHeads, "text_num_key_value_heads", 20, dim / numHeads),
                config.positive("text_intermediate_size", 6912),
                config.integer("num_layerwise_text_blocks", 2, 0, Config.MAX_COUNT),
                config.integer("num_refiner_text_blocks", 2, 0, Config.MAX_COUNT));
    }

    private static Heads heads(Config config, int count, String key, int usual, int dim) {
        int keys = config.count(key, usual);
        if (count % keys != 0) {
            throw config.refuse(
                    key,
                    "must divide the number of heads, " + count + ", got " + keys,
                    "use the published config");
        }
        return new Heads(count, keys, dim);
    }

    /** Width of the stream. */
    public int hiddenDim() {
        return heads.width();
    }
}
