package glance.model.text;

import glance.io.Config;
import java.util.List;

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
        Config scaling = rope;
        if (rope == text && text.has("rope_scaling")) {
            scaling = text.object("rope_scaling");
            scaling.accepts("type", "mrope", "default");
        }
        if (rope != text) {
            rope.accepts("rope_type", "default", "mrope");
        }
        int hiddenDim = text.positive("hidden_size");
        int numHeads = text.count("num_attention_heads");
        int numKvHeads = text.count("num_key_value_heads");
        requireDivides(text, "num_attention_heads", numHeads, "hidden_size", hiddenDim);
        requireDivides(text, "num_key_value_heads", numKvHeads, "num_attention_heads", numHeads);
        requireSections(scaling, hiddenDim / numHeads);
        return new Qwen25VlConfig(
                text.positive("vocab_size"),
                hiddenDim,
                text.positive("intermediate_size"),
                text.count("num_hidden_layers"),
                numHeads,
                numKvHeads,
                text.epsilon("rms_norm_eps", 1e-6),
                rope.number("rope_theta", 1_000_000, 1, Float.MAX_VALUE));
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

    /** Size of one attention head. */
    public int headDim() {
        return hiddenDim / numHeads;
    }
}
