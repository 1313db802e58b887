package glance.model.text;

import glance.io.Config;
import java.util.List;

/**
 * The text part of Qwen2.5-VL, Qwen3 or Qwen3-VL, from either published layout of config.json: all
 * keys at the top, or nested under {@code text_config}.
 *
 * @param attentionBias whether queries, keys and values have a bias (Qwen2.5)
 * @param headNorms whether each head of queries and keys has an RMSNorm before it is rotated
 *     (Qwen3)
 */
public record QwenConfig(
        int vocabSize,
        int hiddenDim,
        int intermediateDim,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        boolean attentionBias,
        boolean headNorms,
        float rmsNormEps,
        double ropeTheta) {
    private static final String[] TYPES = {
        "qwen2", "qwen2_5_vl", "qwen2_5_vl_text", "qwen3", "qwen3_vl", "qwen3_vl_text"
    };

    /** Reads and checks config.json. */
    public static QwenConfig of(Config config) {
        Config text = config.has("text_config") ? config.object("text_config") : config;
        text.accepts("model_type", (Object[]) TYPES);
        text.accepts("hidden_act", "silu");
        text.accepts("use_sliding_window", false);
        Config rope = text.has("rope_parameters") ? text.object("rope_parameters") : text;
        Config scaling = rope;
        if (rope == text && text.has("rope_scaling")) {
            scaling = text.object("rope_scaling");
            scaling.accepts("type", "mrope", "default");
        }
        if (scaling != text) {
            scaling.accepts("rope_type", "default", "mrope");
        }
        int hiddenDim = text.positive("hidden_size");
        int numHeads = text.count("num_attention_heads");
        int numKvHeads = text.count("num_key_value_heads");
        if (!text.has("head_dim")) {
            requireDivides(text, "num_attention_heads", numHeads, "hidden_size", hiddenDim);
        }
        requireDivides(text, "num_key_value_heads", numKvHeads, "num_attention_heads", numHeads);
        int headDim = text.positive("head_dim", hiddenDim / numHeads);
        if (headDim % 2 != 0) {
            throw text.refuse("head_dim", "must be even, got " + headDim, "use the published one");
        }
        text.product("num_attention_heads", numHeads, headDim);
        requireSections(scaling, headDim);
        boolean third = isThird(config, text);
        return new QwenConfig(
                text.positive("vocab_size"),
                hiddenDim,
                text.positive("intermediate_size"),
                text.count("num_hidden_layers"),
                numHeads,
                numKvHeads,
                headDim,
                text.flag("attention_bias", !third),
                third,
                text.epsilon("rms_norm_eps", 1e-6),
                rope.number("rope_theta", 1_000_000, 1, Float.MAX_VALUE));
    }

    /** Whether it is a Qwen3, by its type or, where that is left out, by its class. */
    private static boolean isThird(Config config, Config text) {
        if (text.has("model_type")) {
            return text.string("model_type").startsWith("qwen3");
        }
        return config.has("architectures") && config.className().startsWith("Qwen3");
    }

    /** Text has one position for all sections, so only their sum counts: half of a head. */
    private static void requireSections(Config rope, int headDim) {
        if (!rope.has("mrope_section")) {
            return;
        }
        List<Integer> sections = rope.integers("mrope_section");
        long sum = sections.stream().mapToLong(size -> size).sum();
        if (sum != headDim / 2 || sections.stream().anyMatch(size -> size < 0)) {
            throw rope.refuse(
                    "mrope_section",
                    "must add up to " + headDim / 2 + ", half of a head, got " + sections,
                    "use the published config");
        }
    }

    private static void requireDivides(
            Config config, String key, int part, String whole, int size) {
        if (size % part != 0) {
            throw config.refuse(
                    key,
                    "must divide " + whole + " " + size + ", got " + part,
                    "use the published config");
        }
    }
}
