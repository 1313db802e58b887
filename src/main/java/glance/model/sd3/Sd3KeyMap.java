package glance.model.sd3;

import glance.lora.FusedNames;
import glance.lora.KeyMap;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of SD3's modules in adapter files: its own, and those of the first release (Stability AI),
 * which ComfyUI and kohya keep and which fuse what is separate here:
 *
 * <pre>
 * joint_blocks.I.x_block.attn.qkv          transformer_blocks.I.attn.to_q, to_k, to_v
 * joint_blocks.I.context_block.attn.qkv    ... attn.add_q_proj, add_k_proj, add_v_proj
 * final_layer.adaLN_modulation.1           norm_out.linear, with shift and scale swapped; so too
 *                                          norm1_context of the last block
 * </pre>
 */
public final class Sd3KeyMap implements KeyMap {
    private static final String TIME = "time_text_embed.timestep_embedder.";
    private static final String TEXT = "time_text_embed.text_embedder.";

    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>(KeyMap.identity().names(modules));
        names.putAll(fused(modules).withParts());
        return names;
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return fused(modules).names();
    }

    private static FusedNames fused(Map<String, Shape> modules) {
        FusedNames names =
                new FusedNames(modules)
                        .add("context_embedder", "context_embedder")
                        .add("t_embedder.mlp.0", TIME + "linear_1")
                        .add("t_embedder.mlp.2", TIME + "linear_2")
                        .add("y_embedder.mlp.0", TEXT + "linear_1")
                        .add("y_embedder.mlp.2", TEXT + "linear_2")
                        .add("final_layer.linear", "proj_out")
                        .addSwapped("final_layer.adaLN_modulation.1", "norm_out.linear");
        for (int i = 0; names.has(ours(i) + "attn.to_q"); i++) {
            image(names, "joint_blocks." + i + ".x_block.", ours(i));
            text(names, "joint_blocks." + i + ".context_block.", ours(i));
        }
        return names;
    }

    private static String ours(int block) {
        return "transformer_blocks." + block + ".";
    }

    private static void image(FusedNames names, String theirs, String ours) {
        for (String attention : List.of("attn", "attn2")) {
            String own = ours + attention + ".";
            names.add(theirs + attention + ".qkv", own + "to_q", own + "to_k", own + "to_v")
                    .add(theirs + attention + ".proj", own + "to_out.0");
        }
        names.add(theirs + "mlp.fc1", ours + "ff.net.0.proj")
                .add(theirs + "mlp.fc2", ours + "ff.net.2")
                .add(theirs + "adaLN_modulation.1", ours + "norm1.linear");
    }

    private static void text(FusedNames names, String theirs, String ours) {
        String own = ours + "attn.add_";
        names.add(theirs + "attn.qkv", own + "q_proj", own + "k_proj", own + "v_proj")
                .add(theirs + "attn.proj", ours + "attn.to_add_out")
                .add(theirs + "mlp.fc1", ours + "ff_context.net.0.proj")
                .add(theirs + "mlp.fc2", ours + "ff_context.net.2");
        String modulation = theirs + "adaLN_modulation.1";
        // the text's stream ends in the last block, where only shift and scale are left
        if (names.has(ours + "ff_context.net.2")) {
            names.add(modulation, ours + "norm1_context.linear");
        } else {
            names.addSwapped(modulation, ours + "norm1_context.linear");
        }
    }
}
