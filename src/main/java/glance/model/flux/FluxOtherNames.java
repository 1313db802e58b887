package glance.model.flux;

import glance.lora.FusedNames;
import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Names of FLUX's modules in adapters of tools that few others write. XLabs has them beside the
 * blocks, 1 for the picture's stream and 2 for the text's; DiffSynth-Studio calls the streams a and
 * b:
 *
 * <pre>
 * double_blocks.I.processor.qkv_lora1   blocks.I.attn.a_to_qkv        attn.to_q, to_k, to_v
 * single_blocks.I.processor.qkv_lora    -                             attn.to_q, to_k, to_v
 * -                                     single_blocks.I.to_qkv_mlp    these and proj_mlp
 * </pre>
 */
final class FluxOtherNames {
    private static final String[] IMAGE_QKV = {"attn.to_q", "attn.to_k", "attn.to_v"};
    private static final String[] TEXT_QKV = {
        "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"
    };
    private static final String[] SINGLE_QKV_MLP = {
        "attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"
    };

    private static final Map<String, String[]> XLABS_DOUBLE =
            Map.of(
                    "qkv_lora1",
                    IMAGE_QKV,
                    "qkv_lora2",
                    TEXT_QKV,
                    "proj_lora1",
                    new String[] {"attn.to_out.0"},
                    "proj_lora2",
                    new String[] {"attn.to_add_out"});

    private static final Map<String, String[]> XLABS_SINGLE =
            Map.of("qkv_lora", IMAGE_QKV, "proj_lora", new String[] {"proj_out"});

    private static final Map<String, String[]> DIFFSYNTH_DOUBLE =
            Map.of(
                    "attn.a_to_qkv", IMAGE_QKV,
                    "attn.b_to_qkv", TEXT_QKV,
                    "attn.a_to_out", new String[] {"attn.to_out.0"},
                    "attn.b_to_out", new String[] {"attn.to_add_out"},
                    "ff_a.0", new String[] {"ff.net.0.proj"},
                    "ff_a.2", new String[] {"ff.net.2"},
                    "ff_b.0", new String[] {"ff_context.net.0.proj"},
                    "ff_b.2", new String[] {"ff_context.net.2"},
                    "norm1_a.linear", new String[] {"norm1.linear"},
                    "norm1_b.linear", new String[] {"norm1_context.linear"});

    private static final Map<String, String[]> DIFFSYNTH_SINGLE =
            Map.of(
                    "to_qkv_mlp", SINGLE_QKV_MLP,
                    "proj_out", new String[] {"proj_out"},
                    "norm.linear", new String[] {"norm.linear"});

    private FluxOtherNames() {}

    /** All of them, each with the modules that its rows go to. */
    static Map<String, List<Target>> of(Map<String, Shape> modules) {
        FusedNames names = new FusedNames(modules);
        for (int i = 0; names.has("transformer_blocks." + i + ".attn.to_q"); i++) {
            String ours = "transformer_blocks." + i + ".";
            add(names, "double_blocks." + i + ".processor.", ours, XLABS_DOUBLE);
            add(names, "blocks." + i + ".", ours, DIFFSYNTH_DOUBLE);
        }
        for (int i = 0; names.has("single_transformer_blocks." + i + ".proj_mlp"); i++) {
            String ours = "single_transformer_blocks." + i + ".";
            add(names, "single_blocks." + i + ".processor.", ours, XLABS_SINGLE);
            add(names, "single_blocks." + i + ".", ours, DIFFSYNTH_SINGLE);
        }
        return names.names();
    }

    private static void add(
            FusedNames names, String theirs, String ours, Map<String, String[]> table) {
        table.forEach(
                (name, parts) ->
                        names.add(
                                theirs + name,
                                Arrays.stream(parts)
                                        .map(part -> ours + part)
                                        .toArray(String[]::new)));
    }
}
