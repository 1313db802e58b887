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
        int inChannels = config.integer("in_channels", 16);
        int numHeads = config.integer("num_attention_heads", 18);
        int headDim = config.integer("attention_head_dim", 64);
        config.accepts("qk_norm", "rms_norm");
        int captionDim = config.integer("caption_projection_dim", numHeads * headDim);
        if (captionDim != numHeads * headDim) {
            throw config.refuse(
                    "caption_projection_dim",
                    "expected "
                            + numHeads * headDim
                            + ", the width of the image's stream, got "
                            + captionDim,
                    null);
        }
        return new Sd3Config(
                config.integer("patch_size", 2),
                inChannels,
                config.has("out_channels") ? config.integer("out_channels") : inChannels,
                config.integer("num_layers", 18),
                headDim,
                numHeads,
                config.integer("joint_attention_dim", 4096),
                config.integer("pooled_projection_dim", 2048),
                config.integer("pos_embed_max_size", 96),
                config.has("qk_norm"),
                config.has("dual_attention_layers")
                        ? config.integers("dual_attention_layers")
                        : List.of());
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
