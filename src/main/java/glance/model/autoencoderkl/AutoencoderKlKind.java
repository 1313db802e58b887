package glance.model.autoencoderkl;

import glance.io.Config;
import glance.io.NameTable;
import glance.io.Weights;
import glance.model.part.PartKind;
import glance.model.part.Recognised;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** How files of AutoencoderKL are known. */
public final class AutoencoderKlKind implements PartKind {
    /** The only one. */
    public static final PartKind KIND = new AutoencoderKlKind();

    private static final String RESIDUAL = "decoder.up_blocks.%d.resnets.%d.conv1.weight";

    private AutoencoderKlKind() {}

    @Override
    public String what() {
        return "autoencoder (AutoencoderKL)";
    }

    @Override
    public Optional<NameTable> namesInFiles() {
        return Optional.of(LatentDiffusionNames.TABLE);
    }

    @Override
    public String architecture() {
        return "vae";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(LatentDiffusionNames.TABLE.view(stored));
        int levels = sizes.count("decoder.up_blocks.%d.resnets.0.conv1.weight");
        if (levels == 0 || sizes.rank("decoder.conv_in.weight") != 4) {
            return Optional.empty();
        }
        List<Integer> channels =
                IntStream.range(0, levels)
                        .map(level -> levels - 1 - level)
                        .mapToObj(up -> sizes.of(RESIDUAL.formatted(up, 0), 0))
                        .toList();
        int latents = sizes.of("decoder.conv_in.weight", 1);
        List<Integer> encoder =
                IntStream.range(0, levels)
                        .mapToObj(
                                down ->
                                        sizes.of(
                                                "encoder.down_blocks.%d.resnets.0.conv1.weight"
                                                        .formatted(down),
                                                0))
                        .toList();
        boolean batchNorm = sizes.has("bn.running_mean");
        boolean sameWidths = encoder.equals(channels) || encoder.contains(0);
        sizes.put("block_out_channels", sameWidths ? channels : encoder);
        sizes.put("decoder_block_out_channels", sameWidths ? null : channels);
        sizes.put("batch_norm_eps", batchNorm ? base.number("batch_norm_eps", 1e-4) : null);
        sizes.put("down_block_types", Collections.nCopies(levels, "DownEncoderBlock2D"));
        sizes.put("up_block_types", Collections.nCopies(levels, "UpDecoderBlock2D"));
        sizes.put(
                "layers_per_block", sizes.count("decoder.up_blocks.0.resnets.%d.conv1.weight") - 1);
        sizes.put("latent_channels", latents);
        sizes.put("use_quant_conv", sizes.has("quant_conv.weight"));
        sizes.put("use_post_quant_conv", sizes.has("post_quant_conv.weight"));
        sizes.put(
                "mid_block_add_attention",
                sizes.has("decoder.mid_block.attentions.0.group_norm.weight"));
        int groups = base.positive("norm_num_groups", 32);
        sizes.require(
                channels.stream().allMatch(count -> count % groups == 0),
                "channels %s are no multiples of %d groups".formatted(channels, groups));
        return Optional.of(
                sizes.as(
                        "autoencoder (%s), %d latent channels"
                                .formatted(
                                        batchNorm ? "AutoencoderKLFlux2" : "AutoencoderKL",
                                        latents),
                        latents));
    }
}
