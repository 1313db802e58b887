package glance.model.sd3;

import glance.io.Config;
import java.util.List;

/**
 * config.json of SD3Transformer2DModel.
 *
 * @param posEmbedMaxSize side of the table of positions in tokens; pictures use its middle
 * @param textDim width of the text embeddings
 * @param pooledDim width of the pooled text embedding
 * @param qkNorm whether heads of queries and keys are RMS-normed (3.5) or not (3)
 * @param dualAttentionLayers blocks with a second attention over the image alone (3.5 medium)
 */
public record Sd3Config(
        int patchSize,
        int inChannels,
        int outChannels,
        int numLayers,
        int headDim,
        int numHeads,
        int textDim,
        int pooledDim,
        int posEmbedMaxSize,
        boolean qkNorm,
        List<Integer> dualAttentionLayers) {

    /** Reads and checks config.json. */
    public static Sd3Config of(Config config) {
        int inChannels = config.positive("in_channels", 16);
        int numHeads = config.count("num_attention_heads", 18);
        int headDim = config.positive("attention_head_dim", 64);
        config.accepts("qk_norm", "rms_norm");
        int hiddenDim = config.product("num_attention_heads", numHeads, headDim);
        int captionDim = config.positive("caption_projection_dim", hiddenDim);
        if (captionDim != hiddenDim) {
            throw config.refuse(
                    "caption_projection_dim",
                    "expected "
                            + hiddenDim
                            + ", the width of the image's stream, got "
                            + captionDim,
                    null);
        }
        int numLayers = config.count("num_layers", 18);
        List<Integer> dual =
                config.has("dual_attention_layers")
                        ? config.integers("dual_attention_layers")
                        : List.of();
        for (int layer : dual) {
            if (layer < 0 || layer >= numLayers) {
                throw config.refuse(
                        "dual_attention_layers",
                        "expected 0 to " + (numLayers - 1) + ", got " + layer,
                        "use the published config");
            }
        }
        int patchSize = config.count("patch_size", 2);
        config.product("patch_size", patchSize, patchSize, inChannels);
        return new Sd3Config(
                patchSize,
                inChannels,
                config.has("out_channels") ? config.positive("out_channels") : inChannels,
                numLayers,
                headDim,
                numHeads,
                config.positive("joint_attention_dim", 4096),
                config.positive("pooled_projection_dim", 2048),
                config.count("pos_embed_max_size", 96),
                config.has("qk_norm"),
                dual);
    }

    /** Width of both streams. */
    public int hiddenDim() {
        return numHeads * headDim;
    }

    /** Whether the text's stream ends in a block, which is then only read. */
    boolean isLast(int layer) {
        return layer == numLayers - 1;
    }
}
