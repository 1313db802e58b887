package glance.model.flux;

import static glance.io.NameLine.module;
import static glance.io.NameLine.swapped;
import static glance.io.NameLine.tensor;
import static glance.io.NameLine.withRest;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;

/** The names of black-forest-labs, which ComfyUI, the kohya tools and files in GGUF keep. */
final class FluxNames {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "black-forest-labs",
                    Weights.TRANSFORMER_PREFIXES,
                    "double_blocks.0.img_attn.qkv.weight",
                    FluxNames::lines);

    private static final List<NameLine> OUTSIDE =
            List.of(
                    module("img_in", "x_embedder"),
                    module("txt_in", "context_embedder"),
                    module("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"),
                    module("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"),
                    module("vector_in.in_layer", "time_text_embed.text_embedder.linear_1"),
                    module("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
                    module("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"),
                    module("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"),
                    module("final_layer.linear", "proj_out"),
                    swapped("final_layer.adaLN_modulation.1", "norm_out.linear"));

    private static final List<NameLine> DOUBLE =
            List.of(
                    module("img_mod.lin", "norm1.linear"),
                    module("txt_mod.lin", "norm1_context.linear"),
                    module("img_attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
                    module("txt_attn.qkv", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
                    module("img_attn.proj", "attn.to_out.0"),
                    module("txt_attn.proj", "attn.to_add_out"),
                    module("img_mlp.0", "ff.net.0.proj"),
                    module("img_mlp.2", "ff.net.2"),
                    module("txt_mlp.0", "ff_context.net.0.proj"),
                    module("txt_mlp.2", "ff_context.net.2"),
                    tensor("img_attn.norm.query_norm.scale", "attn.norm_q.weight"),
                    tensor("img_attn.norm.key_norm.scale", "attn.norm_k.weight"),
                    tensor("txt_attn.norm.query_norm.scale", "attn.norm_added_q.weight"),
                    tensor("txt_attn.norm.key_norm.scale", "attn.norm_added_k.weight"));

    private static final List<NameLine> SINGLE =
            List.of(
                    module("modulation.lin", "norm.linear"),
                    withRest("linear1", "attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
                    module("linear2", "proj_out"),
                    tensor("norm.query_norm.scale", "attn.norm_q.weight"),
                    tensor("norm.key_norm.scale", "attn.norm_k.weight"));

    private FluxNames() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>(OUTSIDE);
        lines.addAll(
                modules.blocks(
                        "double_blocks.%d.", "transformer_blocks.%d.", DOUBLE, "img_attn.qkv"));
        lines.addAll(
                modules.blocks(
                        "single_blocks.%d.", "single_transformer_blocks.%d.", SINGLE, "linear1"));
        return lines;
    }
}
