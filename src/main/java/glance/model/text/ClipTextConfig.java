package glance.model.text;

import glance.io.Config;
import glance.op.Activation;

/**
 * The text model of CLIP.
 *
 * @param activation of the feed-forward
 * @param eosTokenId the end token that the pooled output is taken from; see {@link ClipTextEncoder}
 * @param projectionDim size of the projected output
 * @param projected whether the class is CLIPTextModelWithProjection, so that the projection must be
 *     in the checkpoint
 */
public record ClipTextConfig(
        int vocabSize,
        int hiddenDim,
        int intermediateDim,
        int numLayers,
        int numHeads,
        int maxPositions,
        float layerNormEps,
        Activation activation,
        int eosTokenId,
        int projectionDim,
        boolean projected) {
    private static final String WITH_PROJECTION = "CLIPTextModelWithProjection";

    /** Reads and checks config.json; what it leaves out is as in CLIPTextConfig of transformers. */
    public static ClipTextConfig of(Config config) {
        config.accepts("hidden_act", "quick_gelu", "gelu");
        Activation activation =
                config.string("hidden_act", "quick_gelu").equals("gelu")
                        ? Activation.GELU_ERF
                        : Activation.QUICK_GELU;
        int hiddenDim = config.positive("hidden_size", 512);
        int numHeads = config.count("num_attention_heads", 8);
        if (hiddenDim % numHeads != 0) {
            throw config.refuse(
                    "num_attention_heads",
                    "must divide hidden_size " + hiddenDim + ", got " + numHeads,
                    "use the published config");
        }
        return new ClipTextConfig(
                config.positive("vocab_size", 49408),
                hiddenDim,
                config.positive("intermediate_size", 2048),
                config.count("num_hidden_layers", 12),
                numHeads,
                config.positive("max_position_embeddings", 77),
                config.epsilon("layer_norm_eps", 1e-5),
                activation,
                config.integer("eos_token_id", 49407),
                config.positive("projection_dim", 512),
                config.has("architectures") && config.className().equals(WITH_PROJECTION));
    }

    /** Size of one attention head. */
    public int headDim() {
        return hiddenDim / numHeads;
    }
}
