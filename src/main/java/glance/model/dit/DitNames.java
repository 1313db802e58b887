package glance.model.dit;

import static glance.io.NameLine.module;
import static glance.io.NameLine.tensor;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * The names that the authors of DiT gave it. Timestep and class are embedded once for all blocks
 * there; here each block has a copy.
 */
final class DitNames {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "its authors",
                    Weights.TRANSFORMER_PREFIXES,
                    "y_embedder.embedding_table.weight",
                    DitNames::lines);

    private static final List<NameLine> OUTSIDE =
            List.of(
                    tensor("pos_embed", "pos_embed.pos_embed"),
                    module("x_embedder.proj", "pos_embed.proj"),
                    module("final_layer.adaLN_modulation.1", "proj_out_1"),
                    module("final_layer.linear", "proj_out_2"));

    private static final List<NameLine> BLOCK =
            List.of(
                    module("attn.qkv", "attn1.to_q", "attn1.to_k", "attn1.to_v"),
                    module("attn.proj", "attn1.to_out.0"),
                    module("mlp.fc1", "ff.net.0.proj"),
                    module("mlp.fc2", "ff.net.2"),
                    module("adaLN_modulation.1", "norm1.linear"));

    private static final List<NameLine> EMBEDDERS =
            List.of(
                    module("t_embedder.mlp.0", "timestep_embedder.linear_1"),
                    module("t_embedder.mlp.2", "timestep_embedder.linear_2"),
                    module("y_embedder.embedding_table", "class_embedder.embedding_table"));

    private DitNames() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>(OUTSIDE);
        String theirs = "blocks.%d.";
        String ours = "transformer_blocks.%d.";
        int blocks = modules.count(theirs + "attn.qkv", ours + "attn1.to_q");
        for (int i = 0; i < blocks; i++) {
            lines.addAll(NameLine.in(theirs.formatted(i), ours.formatted(i), BLOCK));
            lines.addAll(NameLine.in("", ours.formatted(i) + "norm1.emb.", EMBEDDERS));
        }
        return lines;
    }
}
