package glance.model.text;

import glance.io.Config;
import glance.io.NameTable;
import glance.io.Weights;
import glance.model.part.PartKind;
import glance.model.part.Recognised;
import java.util.Optional;

/** The text encoders that models share. */
public enum TextEncoderKind implements PartKind {
    /** The text model of CLIP. */
    CLIP("CLIP text encoder", "clip", null) {
        @Override
        public Optional<Recognised> recognise(Weights stored, Config base) {
            Recognised.Sizes sizes = new Recognised.Sizes(OpenClipNames.TABLE.view(stored));
            String words = "embeddings.token_embedding.weight";
            String model = sizes.has("text_model." + words) ? "text_model." : "";
            String layer = model + "encoder.layers.%d.self_attn.q_proj.weight";
            int layers = sizes.count(layer);
            if (layers == 0 || !sizes.has(model + words)) {
                return Optional.empty();
            }
            int width = sizes.of(model + words, 1);
            sizes.put("vocab_size", sizes.of(model + words, 0));
            sizes.put("hidden_size", width);
            sizes.put("intermediate_size", sizes.of(model + "encoder.layers.0.mlp.fc1.weight", 0));
            sizes.put("num_hidden_layers", layers);
            sizes.put(
                    "max_position_embeddings",
                    sizes.of(model + "embeddings.position_embedding.weight", 0));
            sizes.put("projection_dim", sizes.of("text_projection.weight", 0));
            sizes.putHeads("num_attention_heads", width, headDim(base, CLIP_HEAD_DIM));
            String which = width == 768 && layers == 12 ? "CLIP-L" : "CLIP";
            which = width == 1280 && layers == 32 ? "CLIP-G" : which;
            return named(sizes, which, layers, width);
        }
    },

    /** The encoder of T5. */
    T5("T5 text encoder", "t5encoder", LlamaCppNames.T5) {
        @Override
        public Optional<Recognised> recognise(Weights stored, Config base) {
            Recognised.Sizes sizes = new Recognised.Sizes(LlamaCppNames.T5.view(stored));
            String queries = "encoder.block.%d.layer.0.SelfAttention.q.weight";
            String words =
                    sizes.has("shared.weight") ? "shared.weight" : "encoder.embed_tokens.weight";
            int layers = sizes.count(queries);
            if (layers == 0 || !sizes.has(words)) {
                return Optional.empty();
            }
            String bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
            int width = sizes.of(words, 1);
            int heads = Math.max(1, sizes.of(bias, 1));
            sizes.put("vocab_size", sizes.of(words, 0));
            sizes.put("d_model", width);
            sizes.put("d_ff", sizes.of("encoder.block.0.layer.1.DenseReluDense.wi_0.weight", 0));
            sizes.put("num_layers", layers);
            sizes.put("num_heads", heads);
            sizes.put("d_kv", sizes.of(queries.formatted(0), 0) / heads);
            sizes.put("relative_attention_num_buckets", sizes.of(bias, 0));
            return named(sizes, "T5", layers, width);
        }
    },

    /** The language model of Qwen2.5-VL. */
    QWEN25_VL("Qwen2.5-VL text encoder", "qwen2vl", LlamaCppNames.QWEN) {
        @Override
        public Optional<Recognised> recognise(Weights stored, Config base) {
            return qwen(stored, base, "q_proj.bias", "Qwen2.5-VL");
        }
    },

    /** The language model of Qwen3. */
    QWEN3("Qwen3 text encoder", "qwen3", LlamaCppNames.QWEN) {
        @Override
        public Optional<Recognised> recognise(Weights stored, Config base) {
            return qwen(stored, base, "q_norm.weight", "Qwen3");
        }
    },

    /**
     * The language model of Qwen3-VL, which is that of Qwen3 under another word: without its vision
     * tower a file has nothing that tells them apart.
     */
    QWEN3_VL("Qwen3-VL text encoder", "qwen3vl", LlamaCppNames.QWEN) {
        @Override
        public Optional<Recognised> recognise(Weights stored, Config base) {
            return qwen(stored, base, "q_norm.weight", "Qwen3");
        }
    };

    private static final int CLIP_HEAD_DIM = 64;
    private static final int QWEN_HEAD_DIM = 128;

    private final String what;
    private final String architecture;
    private final NameTable llamaCpp; // null if llama.cpp has no names for it

    TextEncoderKind(String what, String architecture, NameTable llamaCpp) {
        this.what = what;
        this.architecture = architecture;
        this.llamaCpp = llamaCpp;
    }

    @Override
    public Optional<NameTable> namesInGguf() {
        return Optional.ofNullable(llamaCpp);
    }

    @Override
    public String architecture() {
        return architecture;
    }

    @Override
    public String what() {
        return what;
    }

    /**
     * A language model of Qwen.
     *
     * @param mark a tensor of its attention that other ones of the kind do not have
     */
    private static Optional<Recognised> qwen(
            Weights stored, Config base, String mark, String name) {
        Recognised.Sizes sizes = new Recognised.Sizes(LlamaCppNames.QWEN.view(stored));
        String words = "embed_tokens.weight";
        String model =
                LlamaCppNames.QWEN_ROOTS.stream()
                        .filter(root -> sizes.has(root + words))
                        .findFirst()
                        .orElse("");
        String layer = model + "layers.%d.self_attn.";
        String attention = layer.formatted(0);
        int layers = sizes.count(layer + "q_proj.weight");
        if (layers == 0 || !sizes.has(attention + mark) || !sizes.has(model + words)) {
            return Optional.empty();
        }
        int width = sizes.of(model + words, 1);
        Config text = base.has("text_config") ? base.object("text_config") : base;
        String norm = attention + "q_norm.weight";
        int headDim = sizes.has(norm) ? sizes.of(norm, 0) : headDim(text, QWEN_HEAD_DIM);
        sizes.put("vocab_size", sizes.of(model + words, 0));
        sizes.put("hidden_size", width);
        sizes.put("intermediate_size", sizes.of(model + "layers.0.mlp.gate_proj.weight", 0));
        sizes.put("num_hidden_layers", layers);
        sizes.put("head_dim", sizes.of(norm, 0));
        sizes.putHeads("num_attention_heads", sizes.of(attention + "q_proj.weight", 0), headDim);
        sizes.putHeads("num_key_value_heads", sizes.of(attention + "k_proj.weight", 0), headDim);
        // beside a vision tower the text model has a name of its own
        boolean beside = model.contains("language_model.");
        String shown = beside && !name.endsWith("-VL") ? name + "-VL" : name;
        return named(sizes, shown, layers, width);
    }

    private static int headDim(Config base, int usual) {
        return base.has("hidden_size") && base.has("num_attention_heads")
                ? Math.max(1, base.positive("hidden_size") / base.count("num_attention_heads"))
                : usual;
    }

    private static Optional<Recognised> named(
            Recognised.Sizes sizes, String name, int layers, int width) {
        return Optional.of(
                sizes.as(
                        "%s text encoder, %d layers of width %d".formatted(name, layers, width),
                        width));
    }
}
