package glance.model.autoencoderkl;

import glance.io.Weights;
import glance.io.Weights.Rows;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An autoencoder in the names of latent diffusion, which black-forest-labs ({@code
 * ae.safetensors}), Stability AI and ComfyUI keep, seen under those of diffusers:
 *
 * <pre>
 * encoder.down.I.block.J            encoder.down_blocks.I.resnets.J
 * encoder.down.I.downsample         encoder.down_blocks.I.downsamplers.0
 * decoder.up.I.block.J              decoder.up_blocks.(last - I).resnets.J
 * decoder.up.I.upsample             decoder.up_blocks.(last - I).upsamplers.0
 * mid.block_1, mid.block_2          mid_block.resnets.0, 1
 * mid.attn_1.q, k, v, proj_out      mid_block.attentions.0.to_q, to_k, to_v, to_out.0
 * nin_shortcut, norm_out            conv_shortcut, conv_norm_out
 * </pre>
 *
 * Weights of the attention are convolutions of one pixel there.
 */
final class LatentDiffusionNames {
    private static final Pattern MARK = Pattern.compile("decoder\\.mid\\.block_1\\.");
    private static final List<String> PREFIXES = List.of("vae.", "first_stage_model.");
    private static final Pattern UP = Pattern.compile("decoder\\.up\\.(\\d{1,4})\\.(.*)");

    /** Theirs, then ours, each in turn. */
    private static final Map<String, String> PARTS = new LinkedHashMap<>();

    static {
        PARTS.put(".down.(\\d+).block.(\\d+).", ".down_blocks.$1.resnets.$2.");
        PARTS.put(".down.(\\d+).downsample.", ".down_blocks.$1.downsamplers.0.");
        PARTS.put(".up.(\\d+).block.(\\d+).", ".up_blocks.$1.resnets.$2.");
        PARTS.put(".up.(\\d+).upsample.", ".up_blocks.$1.upsamplers.0.");
        PARTS.put(".mid.block_1.", ".mid_block.resnets.0.");
        PARTS.put(".mid.block_2.", ".mid_block.resnets.1.");
        PARTS.put(".mid.attn_1.norm.", ".mid_block.attentions.0.group_norm.");
        PARTS.put(".mid.attn_1.proj_out.", ".mid_block.attentions.0.to_out.0.");
        PARTS.put(".mid.attn_1.([qkv]).", ".mid_block.attentions.0.to_$1.");
        PARTS.put(".nin_shortcut.", ".conv_shortcut.");
        PARTS.put(".norm_out.", ".conv_norm_out.");
    }

    private LatentDiffusionNames() {}

    /** The autoencoder in the names of diffusers, whichever of them the file has. */
    static Weights view(Weights weights) {
        Weights stored = weights.under(PREFIXES);
        if (stored.tensors().keySet().stream().noneMatch(name -> MARK.matcher(name).find())) {
            return stored;
        }
        int last =
                stored.tensors().keySet().stream()
                        .map(UP::matcher)
                        .filter(Matcher::matches)
                        .mapToInt(up -> Integer.parseInt(up.group(1)))
                        .max()
                        .orElse(0);
        Map<String, List<Rows>> names = new LinkedHashMap<>();
        stored.tensors()
                .forEach((name, info) -> names.put(ours(name, last), List.of(Rows.of(info))));
        return stored.view(names);
    }

    private static String ours(String theirs, int last) {
        Matcher up = UP.matcher(theirs);
        String name = theirs;
        if (up.matches()) {
            name = "decoder.up." + (last - Integer.parseInt(up.group(1))) + "." + up.group(2);
        }
        for (Map.Entry<String, String> part : PARTS.entrySet()) {
            name = name.replaceAll(part.getKey().replace(".", "\\."), part.getValue());
        }
        return name;
    }
}
