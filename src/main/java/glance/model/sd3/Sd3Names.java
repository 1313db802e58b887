package glance.model.sd3;

import static glance.io.NameLine.module;
import static glance.io.NameLine.swapped;
import static glance.io.NameLine.tensor;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * The names of Stability AI, which ComfyUI, the kohya tools and files in GGUF keep. The text's
 * stream ends in the last block, where only shift and scale are left of its modulation.
 */
final class Sd3Names {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "Stability AI",
                    Weights.TRANSFORMER_PREFIXES,
                    "joint_blocks.0.x_block.attn.qkv.weight",
                    Sd3Names::lines);

    private static final String TIME = "time_text_embed.timestep_embedder.";
    private static final String TEXT = "time_text_embed.text_embedder.";

    private static final List<NameLine> OUTSIDE =
            List.of(
                    tensor("pos_embed", "pos_embed.pos_embed"),
                    module("x_embedder.proj", "pos_embed.proj"),
                    module("context_embedder", "context_embedder"),
                    module("t_embedder.mlp.0", TIME + "linear_1"),
                    module("t_embedder.mlp.2", TIME + "linear_2"),
                    module("y_embedder.mlp.0", TEXT + "linear_1"),
                    module("y_embedder.mlp.2", TEXT + "linear_2"),
                    module("final_layer.linear", "proj_out"),
                    swapped("final_layer.adaLN_modulation.1", "norm_out.linear"));

    private static final List<NameLine> BLOCK =
            List.of(
                    module("x_block.adaLN_modulation.1", "norm1.linear"),
                    module("x_block.attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
                    module("x_block.attn.ln_q", "attn.norm_q"),
                    module("x_block.attn.ln_k", "attn.norm_k"),
                    module("x_block.attn.proj", "attn.to_out.0"),
                    module("x_block.attn2.qkv", "attn2.to_q", "attn2.to_k", "attn2.to_v"),
                    module("x_block.attn2.ln_q", "attn2.norm_q"),
                    module("x_block.attn2.ln_k", "attn2.norm_k"),
                    module("x_block.attn2.proj", "attn2.to_out.0"),
                    module("x_block.mlp.fc1", "ff.net.0.proj"),
                    module("x_block.mlp.fc2", "ff.net.2"),
                    swapped("context_block.adaLN_modulation.1", "norm1_context.linear"),
                    module(
                            "context_block.attn.qkv",
                            "attn.add_q_proj",
                            "attn.add_k_proj",
                            "attn.add_v_proj"),
                    module("context_block.attn.ln_q", "attn.norm_added_q"),
                    module("context_block.attn.ln_k", "attn.norm_added_k"),
                    module("context_block.attn.proj", "attn.to_add_out"),
                    module("context_block.mlp.fc1", "ff_context.net.0.proj"),
                    module("context_block.mlp.fc2", "ff_context.net.2"));

    private Sd3Names() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>(OUTSIDE);
        lines.addAll(
                modules.blocks(
                        "joint_blocks.%d.", "transformer_blocks.%d.", BLOCK, "x_block.attn.qkv"));
        return lines;
    }
}
