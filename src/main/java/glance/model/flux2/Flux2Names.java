package glance.model.flux2;

import static glance.io.NameLine.module;
import static glance.io.NameLine.swapped;
import static glance.io.NameLine.tensor;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;

/** The names of black-forest-labs, which ComfyUI, the kohya tools and files in GGUF keep. */
final class Flux2Names {
    /** The table; the mark is what FLUX.1 does not have. */
    static final NameTable TABLE =
            new NameTable(
                    "black-forest-labs",
                    Weights.TRANSFORMER_PREFIXES,
                    "double_stream_modulation_img.lin.weight",
                    Flux2Names::lines);

    private static final List<NameLine> OUTSIDE =
            List.of(
                    module("img_in", "x_embedder"),
                    module("txt_in", "context_embedder"),
                    module("time_in.in_layer", "time_guidance_embed.timestep_embedder.linear_1"),
                    module("time_in.out_layer", "time_guidance_embed.timestep_embedder.linear_2"),
                    module(
                            "guidance_in.in_layer",
                            "time_guidance_embed.guidance_embedder.linear_1"),
                    module(
                            "guidance_in.out_layer",
                            "time_guidance_embed.guidance_embedder.linear_2"),
                    module(
                            "double_stream_modulation_img.lin",
                            "double_stream_modulation_img.linear"),
                    module(
                            "double_stream_modulation_txt.lin",
                            "double_stream_modulation_txt.linear"),
                    module("single_stream_modulation.lin", "single_stream_modulation.linear"),
                    module("final_layer.linear", "proj_out"),
                    swapped("final_layer.adaLN_modulation.1", "norm_out.linear"));

    private static final List<NameLine> DOUBLE =
            List.of(
                    module("img_attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
                    module("txt_attn.qkv", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
                    module("img_attn.proj", "attn.to_out.0"),
                    module("txt_attn.proj", "attn.to_add_out"),
                    module("img_mlp.0", "ff.linear_in"),
                    module("img_mlp.2", "ff.linear_out"),
                    module("txt_mlp.0", "ff_context.linear_in"),
                    module("txt_mlp.2", "ff_context.linear_out"),
                    tensor("img_attn.norm.query_norm.scale", "attn.norm_q.weight"),
                    tensor("img_attn.norm.key_norm.scale", "attn.norm_k.weight"),
                    tensor("txt_attn.norm.query_norm.scale", "attn.norm_added_q.weight"),
                    tensor("txt_attn.norm.key_norm.scale", "attn.norm_added_k.weight"));

    private static final List<NameLine> SINGLE =
            List.of(
                    module("linear1", "attn.to_qkv_mlp_proj"),
                    module("linear2", "attn.to_out"),
                    tensor("norm.query_norm.scale", "attn.norm_q.weight"),
                    tensor("norm.key_norm.scale", "attn.norm_k.weight"));

    private Flux2Names() {}

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
