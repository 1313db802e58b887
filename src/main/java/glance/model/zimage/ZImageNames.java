package glance.model.zimage;

import static glance.io.NameLine.module;
import static glance.io.NameLine.tensor;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The names of its publisher, which ComfyUI and files in GGUF keep. What is not listed has the same
 * name in both.
 */
final class ZImageNames {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "Tongyi-MAI",
                    Weights.TRANSFORMER_PREFIXES,
                    "layers.0.attention.qkv.weight",
                    ZImageNames::lines);

    private static final List<NameLine> OUTSIDE =
            List.of(
                    module("x_embedder", "all_x_embedder.2-1"),
                    module("final_layer.linear", "all_final_layer.2-1.linear"),
                    module(
                            "final_layer.adaLN_modulation.1",
                            "all_final_layer.2-1.adaLN_modulation.1"),
                    module("cap_embedder.0", "cap_embedder.0"),
                    module("cap_embedder.1", "cap_embedder.1"),
                    module("t_embedder.mlp.0", "t_embedder.mlp.0"),
                    module("t_embedder.mlp.2", "t_embedder.mlp.2"),
                    tensor("x_pad_token", "x_pad_token"),
                    tensor("cap_pad_token", "cap_pad_token"));

    private static final List<NameLine> BLOCK =
            List.of(
                    module("attention.qkv", "attention.to_q", "attention.to_k", "attention.to_v"),
                    module("attention.out", "attention.to_out.0"),
                    tensor("attention.q_norm.weight", "attention.norm_q.weight"),
                    tensor("attention.k_norm.weight", "attention.norm_k.weight"),
                    module("attention_norm1", "attention_norm1"),
                    module("attention_norm2", "attention_norm2"),
                    module("ffn_norm1", "ffn_norm1"),
                    module("ffn_norm2", "ffn_norm2"),
                    module("feed_forward.w1", "feed_forward.w1"),
                    module("feed_forward.w2", "feed_forward.w2"),
                    module("feed_forward.w3", "feed_forward.w3"));

    /** Blocks that the noise level steers; those of the text alone have no modulation. */
    private static final List<NameLine> MODULATED =
            Stream.concat(
                            BLOCK.stream(),
                            Stream.of(module("adaLN_modulation.0", "adaLN_modulation.0")))
                    .toList();

    private static final String MARK = "attention.qkv";

    private ZImageNames() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>(OUTSIDE);
        for (String kind : List.of("noise_refiner.%d.", "layers.%d.")) {
            lines.addAll(modules.blocks(kind, kind, MODULATED, MARK));
        }
        lines.addAll(modules.blocks("context_refiner.%d.", "context_refiner.%d.", BLOCK, MARK));
        return lines;
    }
}
