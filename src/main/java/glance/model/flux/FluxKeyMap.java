package glance.model.flux;

import glance.lora.FusedNames;
import glance.lora.KeyMap;
import glance.tensor.Shape;
import java.util.ArrayList;
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
    private static final List<Line> DOUBLE =
            List.of(
                    new Line("img_mod.lin", "norm1.linear"),
                    new Line("txt_mod.lin", "norm1_context.linear"),
                    new Line("img_attn.qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
                    new Line(
                            "txt_attn.qkv",
                            "attn.add_q_proj",
                            "attn.add_k_proj",
                            "attn.add_v_proj"),
                    new Line("img_attn.proj", "attn.to_out.0"),
                    new Line("txt_attn.proj", "attn.to_add_out"),
                    new Line("img_mlp.0", "ff.net.0.proj"),
                    new Line("img_mlp.2", "ff.net.2"),
                    new Line("txt_mlp.0", "ff_context.net.0.proj"),
                    new Line("txt_mlp.2", "ff_context.net.2"));

    private static final List<Line> SINGLE =
            List.of(
                    new Line("modulation.lin", "norm.linear"),
                    new Line("linear1", "attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
                    new Line("linear2", "proj_out"));

    private static final List<Line> OUTSIDE =
            List.of(
                    new Line("img_in", "x_embedder"),
                    new Line("txt_in", "context_embedder"),
                    new Line("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"),
                    new Line("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"),
                    new Line("vector_in.in_layer", "time_text_embed.text_embedder.linear_1"),
                    new Line("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
                    new Line("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"),
                    new Line("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"),
                    new Line("final_layer.linear", "proj_out"));

    /** Has shift before scale; ours has scale before shift. */
    static final Line SWAPPED = new Line("final_layer.adaLN_modulation.1", "norm_out.linear");

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
        int doubles = 0;
        while (names.has("transformer_blocks." + doubles + ".attn.to_q")) {
            doubles++;
        }
        int singles = 0;
        while (names.has("single_transformer_blocks." + singles + ".proj_mlp")) {
            singles++;
        }
        lines(doubles, singles).forEach(line -> names.add(line.theirs(), line.ours()));
        return names.addSwapped(SWAPPED.theirs(), SWAPPED.ours()[0]);
    }

    /** Their name, and ours, whose rows follow each other in theirs. */
    record Line(String theirs, String... ours) {
        Line in(String theirBlock, String ourBlock) {
            return new Line(
                    theirBlock + theirs,
                    Arrays.stream(ours).map(name -> ourBlock + name).toArray(String[]::new));
        }
    }

    /** All names of a model with so many blocks, but for {@link #SWAPPED}. */
    static List<Line> lines(int doubles, int singles) {
        List<Line> lines = new ArrayList<>(OUTSIDE);
        for (int i = 0; i < doubles; i++) {
            String theirs = "double_blocks." + i + ".";
            String ours = "transformer_blocks." + i + ".";
            DOUBLE.forEach(line -> lines.add(line.in(theirs, ours)));
        }
        for (int i = 0; i < singles; i++) {
            String theirs = "single_blocks." + i + ".";
            String ours = "single_transformer_blocks." + i + ".";
            SINGLE.forEach(line -> lines.add(line.in(theirs, ours)));
        }
        return lines;
    }
}
