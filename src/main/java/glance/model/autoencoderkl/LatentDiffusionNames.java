package glance.model.autoencoderkl;

import static glance.io.NameLine.module;
import static glance.io.NameLine.pixel;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * The names of latent diffusion, which black-forest-labs ({@code ae.safetensors}), Stability AI and
 * ComfyUI keep. The levels of the decoder are numbered from the picture on, here from the latents
 * on. Weights of the attention are convolutions of one pixel there.
 */
final class LatentDiffusionNames {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "latent diffusion",
                    Weights.AUTOENCODER_PREFIXES,
                    "decoder.mid.block_1.conv1.weight",
                    LatentDiffusionNames::lines);

    private static final List<NameLine> RESIDUAL =
            List.of(
                    module("norm1", "norm1"),
                    module("conv1", "conv1"),
                    module("norm2", "norm2"),
                    module("conv2", "conv2"),
                    module("nin_shortcut", "conv_shortcut"));

    private static final List<NameLine> ATTENTION =
            List.of(
                    module("norm", "group_norm"),
                    pixel("q", "to_q"),
                    pixel("k", "to_k"),
                    pixel("v", "to_v"),
                    pixel("proj_out", "to_out.0"));

    /** As diffusers named it first. */
    private static final List<NameLine> OLD_ATTENTION =
            List.of(
                    module("norm", "group_norm"),
                    pixel("q", "query"),
                    pixel("k", "key"),
                    pixel("v", "value"),
                    pixel("proj_out", "proj_attn"));

    private LatentDiffusionNames() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>();
        for (String side : List.of("encoder.", "decoder.")) {
            middle(lines, modules, side);
            lines.add(module(side + "norm_out", side + "conv_norm_out"));
        }
        // FLUX.2 has these two inside the halves; whoever reads them there also reads them outside
        if (modules.has("encoder.quant_conv")) {
            lines.add(module("encoder.quant_conv", "quant_conv"));
            lines.add(module("decoder.post_quant_conv", "post_quant_conv"));
        }
        int downs = levels(modules, "encoder.down.", "encoder.down_blocks.");
        for (int i = 0; i < downs; i++) {
            String theirs = "encoder.down." + i + ".";
            String ours = "encoder.down_blocks." + i + ".";
            level(lines, modules, theirs, ours);
            lines.add(module(theirs + "downsample.conv", ours + "downsamplers.0.conv"));
        }
        int ups = levels(modules, "decoder.up.", "decoder.up_blocks.");
        for (int i = 0; i < ups; i++) {
            String theirs = "decoder.up." + (ups - 1 - i) + ".";
            String ours = "decoder.up_blocks." + i + ".";
            level(lines, modules, theirs, ours);
            lines.add(module(theirs + "upsample.conv", ours + "upsamplers.0.conv"));
        }
        return lines;
    }

    private static int levels(NameTable.Modules modules, String theirs, String ours) {
        return modules.count(theirs + "%d.block.0.conv1", ours + "%d.resnets.0.conv1");
    }

    private static void level(
            List<NameLine> lines, NameTable.Modules modules, String theirs, String ours) {
        int blocks = modules.count(theirs + "block.%d.conv1", ours + "resnets.%d.conv1");
        for (int i = 0; i < blocks; i++) {
            lines.addAll(
                    NameLine.in(
                            theirs + "block." + i + ".", ours + "resnets." + i + ".", RESIDUAL));
        }
    }

    private static void middle(List<NameLine> lines, NameTable.Modules modules, String side) {
        String theirs = side + "mid.";
        String ours = side + "mid_block.";
        lines.addAll(NameLine.in(theirs + "block_1.", ours + "resnets.0.", RESIDUAL));
        lines.addAll(NameLine.in(theirs + "block_2.", ours + "resnets.1.", RESIDUAL));
        String attention = ours + "attentions.0.";
        lines.addAll(
                NameLine.in(
                        theirs + "attn_1.",
                        attention,
                        modules.has(attention + "query") ? OLD_ATTENTION : ATTENTION));
    }
}
