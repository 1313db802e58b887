package glance.model.autoencoderqwen;

import static glance.io.NameLine.module;
import static glance.io.NameLine.tensor;

import glance.io.NameLine;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * The names of Wan, whose autoencoder Qwen-Image has, as ComfyUI keeps them. The decoder's stages
 * stand in one row there, here in blocks that end with an upsampler:
 *
 * <pre>
 * decoder.upsamples.0, 1, 2   up_blocks.0.resnets.0, 1, 2
 * decoder.upsamples.3         up_blocks.0.upsamplers.0
 * decoder.upsamples.4         up_blocks.1.resnets.0
 * </pre>
 */
final class WanNames {
    /** The table. */
    static final NameTable TABLE =
            new NameTable(
                    "Wan",
                    Weights.AUTOENCODER_PREFIXES,
                    "decoder.middle.0.residual.0.gamma",
                    WanNames::lines);

    private static final List<NameLine> RESIDUAL =
            List.of(
                    tensor("residual.0.gamma", "norm1.gamma"),
                    module("residual.2", "conv1"),
                    tensor("residual.3.gamma", "norm2.gamma"),
                    module("residual.6", "conv2"),
                    module("shortcut", "conv_shortcut"));

    private static final List<NameLine> RESAMPLE =
            List.of(module("resample.1", "resample.1"), module("time_conv", "time_conv"));

    private static final List<NameLine> ATTENTION =
            List.of(
                    tensor("norm.gamma", "norm.gamma"),
                    module("to_qkv", "to_qkv"),
                    module("proj", "proj"));

    private WanNames() {}

    private static List<NameLine> lines(NameTable.Modules modules) {
        List<NameLine> lines = new ArrayList<>();
        lines.add(module("conv1", "quant_conv"));
        lines.add(module("conv2", "post_quant_conv"));
        for (String side : List.of("encoder.", "decoder.")) {
            String middle = side + "mid_block.";
            lines.add(module(side + "conv1", side + "conv_in"));
            lines.addAll(NameLine.in(side + "middle.0.", middle + "resnets.0.", RESIDUAL));
            lines.addAll(NameLine.in(side + "middle.1.", middle + "attentions.0.", ATTENTION));
            lines.addAll(NameLine.in(side + "middle.2.", middle + "resnets.1.", RESIDUAL));
            lines.add(tensor(side + "head.0.gamma", side + "norm_out.gamma"));
            lines.add(module(side + "head.2", side + "conv_out"));
        }
        downs(lines, modules);
        ups(lines, modules);
        return lines;
    }

    private static void downs(List<NameLine> lines, NameTable.Modules modules) {
        for (int i = 0; ; i++) {
            String theirs = "encoder.downsamples." + i + ".";
            String ours = "encoder.down_blocks." + i + ".";
            if (modules.has(theirs + "residual.2") || modules.has(ours + "conv1")) {
                lines.addAll(NameLine.in(theirs, ours, RESIDUAL));
            } else if (modules.has(theirs + "resample.1") || modules.has(ours + "resample.1")) {
                lines.addAll(NameLine.in(theirs, ours, RESAMPLE));
            } else {
                return;
            }
        }
    }

    private static void ups(List<NameLine> lines, NameTable.Modules modules) {
        int block = 0;
        int resnet = 0;
        for (int i = 0; ; i++) {
            String theirs = "decoder.upsamples." + i + ".";
            String ours = "decoder.up_blocks." + block + ".";
            String residual = ours + "resnets." + resnet + ".";
            String resample = ours + "upsamplers.0.";
            if (modules.has(theirs + "residual.2") || modules.has(residual + "conv1")) {
                lines.addAll(NameLine.in(theirs, residual, RESIDUAL));
                resnet++;
            } else if (modules.has(theirs + "resample.1") || modules.has(resample + "resample.1")) {
                lines.addAll(NameLine.in(theirs, resample, RESAMPLE));
                block++;
                resnet = 0;
            } else {
                return;
            }
        }
    }
}
