package glance.model.text;

import glance.io.Config;

/**
 * The text part of Qwen2.5-VL, from either published layout of config.json: all keys at the top, or
 * nested under {@code text_config}.
 */
public record Qwen25VlConfig(
        int vocabSize,
        int hiddenDim,
        int intermediateDim,
        int numLayers,
        int numHeads,
        int numKvHeads,
        float rmsNormEps,
        double ropeTheta) {

    /** Reads and checks config.json. */
    public static Qwen25VlConfig of(Config config) {
        Config text = config.has("text_config") ? config.object("text_config") : config;
        text.accepts("hidden_act", "silu");
        text.accepts("use_sliding_window", false);
        Config rope = text.has("rope_parameters") ? text.object("rope_parameters") : text;
        if (rope == text && text.has("rope_scaling")) {
            text.object("rope_scaling").accepts("type", "mrope", "default");
        }
        if (rope != text) {
            rope.accepts("rope_type", "default", "mrope");
        }
        return new Qwen25VlConfig(
                text.positive("vocab_size"),
                text.positive("hidden_size"),
                text.positive("intermediate_size"),
                text.positive("num_hidden_layers"),
                text.positive("num_attention_heads"),
                text.positive("num_key_value_heads"),
                (float) text.number("rms_norm_eps", 1e-6),
                rope.number("rope_theta", 1_000_000));
    }

    /** Size of one attention head. */
    public int headDim() {
        return hiddenDim / numHeads;
    }
}
