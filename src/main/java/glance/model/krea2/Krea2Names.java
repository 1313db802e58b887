package glance.model.krea2;

import static glance.io.NameLine.module;
import static glance.io.NameLine.sixRows;
import static glance.io.NameLine.tensor;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The names of Krea, which ComfyUI, the kohya tools and files in GGUF keep. */
final class Krea2Names {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "Krea",
                    Weights.TRANSFORMER_PREFIXES,
                    "txtfusion.projector.weight",
                    Krea2Names::lines);

    private static final List<NameLine> OUTSIDE =
            List.of(
                    module("first", "img_in"),
                    module("tmlp.0", "time_embed.linear_1"),
                    module("tmlp.2", "time_embed.linear_2"),
                    module("tproj.1", "time_mod_proj"),
                    module("txtfusion.projector", "text_fusion.projector"),
                    tensor("txtmlp.0.scale", "txt_in.norm.weight"),
                    module("txtmlp.1", "txt_in.linear_1"),
                    module("txtmlp.3", "txt_in.linear_2"),
                    tensor("last.norm.scale", "final_layer.norm.weight"),
                    tensor("last.modulation.lin", "final_layer.scale_shift_table"),
                    module("last.linear", "final_layer.linear"));

    /** Of the blocks of text and picture, and of those of the text alone. */
    private static final List<NameLine> BLOCK =
            List.of(
                    tensor("prenorm.scale", "norm1.weight"),
                    tensor("postnorm.scale", "norm2.weight"),
                    module("attn.wq", "attn.to_q"),
                    module("attn.wk", "attn.to_k"),
                    module("attn.wv", "attn.to_v"),
                    module("attn.gate", "attn.to_gate"),
                    module("attn.wo", "attn.to_out.0"),
                    tensor("attn.qknorm.qnorm.scale", "attn.norm_q.weight"),
                    tensor("attn.qknorm.knorm.scale", "attn.norm_k.weight"),
                    module("mlp.gate", "ff.gate"),
                    module("mlp.up", "ff.up"),
                    module("mlp.down", "ff.down"));

    /** The blocks of text and picture have a table of their own besides. */
    private static final List<NameLine> MODULATED =
            Stream.concat(BLOCK.stream(), Stream.of(sixRows("mod.lin", "scale_shift_table")))
                    .toList();

    private static final String MARK = "attn.wq";

    private Krea2Names() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>(OUTSIDE);
        lines.addAll(modules.blocks("blocks.%d.", "transformer_blocks.%d.", MODULATED, MARK));
        for (String kind : List.of("layerwise_blocks.%d.", "refiner_blocks.%d.")) {
            lines.addAll(modules.blocks("txtfusion." + kind, "text_fusion." + kind, BLOCK, MARK));
        }
        return lines;
    }
}
