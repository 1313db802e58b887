package glance.model.text;

import static glance.io.NameLine.module;
import static glance.io.NameLine.tensor;
import static glance.io.NameLine.transposed;

import glance.io.NameLine;
import glance.io.NameTable;
import java.util.ArrayList;
import java.util.List;

/** The names of OpenCLIP, whose text model CLIP-G is. */
final class OpenClipNames {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "OpenCLIP",
                    List.of(
                            "cond_stage_model.model.",
                            "conditioner.embedders.0.model.",
                            "conditioner.embedders.1.model."),
                    "transformer.resblocks.0.ln_1.weight",
                    OpenClipNames::lines);

    private static final List<NameLine> LAYER =
            List.of(
                    module("ln_1", "layer_norm1"),
                    inProjection("weight"),
                    inProjection("bias"),
                    module("attn.out_proj", "self_attn.out_proj"),
                    module("ln_2", "layer_norm2"),
                    module("mlp.c_fc", "mlp.fc1"),
                    module("mlp.c_proj", "mlp.fc2"));

    private OpenClipNames() {}

    private static NameLine inProjection(String part) {
        return tensor(
                "attn.in_proj_" + part,
                "self_attn.q_proj." + part,
                "self_attn.k_proj." + part,
                "self_attn.v_proj." + part);
    }

    private static List<NameLine> lines(NameTable.Modules modules) {
        String root = modules.has("embeddings.token_embedding") ? "" : "text_model.";
        List<NameLine> lines = new ArrayList<>();
        lines.add(module("token_embedding", root + "embeddings.token_embedding"));
        lines.add(tensor("positional_embedding", root + "embeddings.position_embedding.weight"));
        lines.add(module("ln_final", root + "final_layer_norm"));
        lines.add(transposed("text_projection", "text_projection.weight"));
        lines.addAll(
                modules.blocks(
                        "transformer.resblocks.%d.", root + "encoder.layers.%d.", LAYER, "ln_1"));
        return lines;
    }
}
