package glance.model.text;

import static glance.io.NameLine.module;

import glance.io.NameLine;
import glance.io.NameTable;
import java.util.ArrayList;
import java.util.List;

/** The names of llama.cpp, which text encoders in GGUF have. */
final class LlamaCppNames {
    /** The encoder of T5. */
    static final NameTable T5 =
            new NameTable(
                    "llama.cpp", List.of(), "enc.blk.0.attn_q.weight", LlamaCppNames::linesOfT5);

    /** The text model of Qwen2.5-VL, Qwen3 and Qwen3-VL. */
    static final NameTable QWEN =
            new NameTable(
                    "llama.cpp", List.of(), "blk.0.attn_q.weight", LlamaCppNames::linesOfQwen);

    /** What comes before the names of a Qwen's text model in the published checkpoints. */
    static final List<String> QWEN_ROOTS =
            List.of("model.", "model.language_model.", "language_model.");

    private static final List<NameLine> T5_BLOCK =
            List.of(
                    module("attn_norm", "layer.0.layer_norm"),
                    module("attn_q", "layer.0.SelfAttention.q"),
                    module("attn_k", "layer.0.SelfAttention.k"),
                    module("attn_v", "layer.0.SelfAttention.v"),
                    module("attn_o", "layer.0.SelfAttention.o"),
                    module("attn_rel_b", "layer.0.SelfAttention.relative_attention_bias"),
                    module("ffn_norm", "layer.1.layer_norm"),
                    module("ffn_gate", "layer.1.DenseReluDense.wi_0"),
                    module("ffn_up", "layer.1.DenseReluDense.wi_1"),
                    module("ffn_down", "layer.1.DenseReluDense.wo"));

    private static final List<NameLine> QWEN_LAYER =
            List.of(
                    module("attn_norm", "input_layernorm"),
                    module("attn_q", "self_attn.q_proj"),
                    module("attn_k", "self_attn.k_proj"),
                    module("attn_v", "self_attn.v_proj"),
                    module("attn_q_norm", "self_attn.q_norm"),
                    module("attn_k_norm", "self_attn.k_norm"),
                    module("attn_output", "self_attn.o_proj"),
                    module("ffn_norm", "post_attention_layernorm"),
                    module("ffn_gate", "mlp.gate_proj"),
                    module("ffn_up", "mlp.up_proj"),
                    module("ffn_down", "mlp.down_proj"));

    private static final String MARK = "attn_q";

    private LlamaCppNames() {}

    private static List<NameLine> linesOfT5(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>();
        String second = "encoder.embed_tokens";
        if (modules.has("shared") || !modules.has(second)) {
            lines.add(module("token_embd", "shared"));
        }
        if (modules.has(second)) {
            lines.add(module("token_embd", second));
        }
        lines.add(module("enc.output_norm", "encoder.final_layer_norm"));
        lines.addAll(modules.blocks("enc.blk.%d.", "encoder.block.%d.", T5_BLOCK, MARK));
        return lines;
    }

    private static List<NameLine> linesOfQwen(NameTable.Modules modules) {
        String root =
                QWEN_ROOTS.stream()
                        .filter(one -> modules.has(one + "embed_tokens"))
                        .findFirst()
                        .orElse(QWEN_ROOTS.get(0));
        List<NameLine> lines = new ArrayList<>();
        lines.add(module("token_embd", root + "embed_tokens"));
        lines.add(module("output_norm", root + "norm"));
        lines.add(module("output", "lm_head"));
        lines.addAll(modules.blocks("blk.%d.", root + "layers.%d.", QWEN_LAYER, MARK));
        return lines;
    }
}
