package glance.model.flux;

import glance.lora.FusedNames;
import glance.lora.KeyMap;
import glance.tensor.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of FLUX's modules in adapter files: its own, and those of the first release (black-forest-
 * labs), which ComfyUI and kohya keep and which fuse what is separate here:
 *
 * <pre>
 * double_blocks.I.img_attn.qkv   transformer_blocks.I.attn.to_q, to_k, to_v
 * single_blocks.I.linear1        single_transformer_blocks.I.attn.to_q, to_k, to_v, proj_mlp
 * final_layer.adaLN_modulation   norm_out.linear, with shift and scale swapped
 * </pre>
 *
 * Adapters made with the tools of XLabs and with DiffSynth-Studio have names of their own: {@link
 * FluxOtherNames}.
 */
public final class FluxKeyMap implements KeyMap {
    private static final List<String[]> DOUBLE =
            List.of(
                    new String[] {"img_mod.lin", "norm1.linear"},
                    new String[] {"txt_mod.lin", "norm1_context.linear"},
                    new String[] {"img_attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"},
                    new String[] {
                        "txt_attn.qkv", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"
                    },
                    new String[] {"img_attn.proj", "attn.to_out.0"},
                    new String[] {"txt_attn.proj", "attn.to_add_out"},
                    new String[] {"img_mlp.0", "ff.net.0.proj"},
                    new String[] {"img_mlp.2", "ff.net.2"},
                    new String[] {"txt_mlp.0", "ff_context.net.0.proj"},
                    new String[] {"txt_mlp.2", "ff_context.net.2"});

    private static final List<String[]> SINGLE =
            List.of(
                    new String[] {"modulation.lin", "norm.linear"},
                    new String[] {"linear1", "attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"},
                    new String[] {"linear2", "proj_out"});

    private static final List<String[]> OUTSIDE =
            List.of(
                    new String[] {"img_in", "x_embedder"},
                    new String[] {"txt_in", "context_embedder"},
                    new String[] {"time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"},
                    new String[] {
                        "time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"
                    },
                    new String[] {"vector_in.in_layer", "time_text_embed.text_embedder.linear_1"},
                    new String[] {"vector_in.out_layer", "time_text_embed.text_embedder.linear_2"},
                    new String[] {
                        "guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"
                    },
                    new String[] {
                        "guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"
                    },
                    new String[] {"final_layer.linear", "proj_out"});

    @Override
    public Map<String, List<Target>> names(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>(KeyMap.identity().names(modules));
        names.putAll(fused(modules).withParts());
        names.putAll(FluxOtherNames.of(modules));
        return names;
    }

    @Override
    public Map<String, List<Target>> toolNames(Map<String, Shape> modules) {
        return fused(modules).names();
    }

    private static FusedNames fused(Map<String, Shape> modules) {
        FusedNames names = new FusedNames(modules);
        OUTSIDE.forEach(line -> add(names, "", "", line));
        for (int i = 0; names.has("transformer_blocks." + i + ".attn.to_q"); i++) {
            String theirs = "double_blocks." + i + ".";
            String ours = "transformer_blocks." + i + ".";
            DOUBLE.forEach(line -> add(names, theirs, ours, line));
        }
        for (int i = 0; names.has("single_transformer_blocks." + i + ".proj_mlp"); i++) {
            String theirs = "single_blocks." + i + ".";
            String ours = "single_transformer_blocks." + i + ".";
            SINGLE.forEach(line -> add(names, theirs, ours, line));
        }
        return names.addSwapped("final_layer.adaLN_modulation.1", "norm_out.linear");
    }

    /** Their name, then ours, whose rows follow each other in theirs. */
    private static void add(FusedNames names, String theirs, String ours, String[] line) {
        names.add(
                theirs + line[0],
                Arrays.stream(line).skip(1).map(name -> ours + name).toArray(String[]::new));
    }
}
