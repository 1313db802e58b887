package glance.model.autoencoderqwen;

import glance.io.Config;
import glance.io.NameTable;
import glance.io.Weights;
import glance.model.part.PartKind;
import glance.model.part.Recognised;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** How files of AutoencoderKLQwenImage are known. */
public final class QwenImageAutoencoderKind implements PartKind {
    /** The only one. */
    public static final PartKind KIND = new QwenImageAutoencoderKind();

    private static final String RESIDUAL = "decoder.up_blocks.%d.resnets.%d.conv1.weight";

    private QwenImageAutoencoderKind() {}

    @Override
    public String what() {
        return "autoencoder (AutoencoderKLQwenImage)";
    }

    @Override
    public Optional<NameTable> namesInFiles() {
        return Optional.of(WanNames.TABLE);
    }

    @Override
    public String architecture() {
        return "vae";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(WanNames.TABLE.view(stored));
        int levels = sizes.count("decoder.up_blocks.%d.resnets.0.conv1.weight");
        if (levels == 0 || sizes.rank("decoder.conv_in.weight") != 5) {
            return Optional.empty();
        }
        int latents = sizes.of("decoder.conv_in.weight", 1);
        int unit = Math.max(1, sizes.of("encoder.conv_in.weight", 0));
        List<Integer> widths =
                IntStream.range(0, levels)
                        .map(level -> levels - 1 - level)
                        .mapToObj(up -> sizes.of(RESIDUAL.formatted(up, 0), 0))
                        .toList();
        sizes.put("base_dim", unit);
        sizes.put("z_dim", latents);
        sizes.put("input_channels", sizes.of("decoder.conv_out.weight", 0));
        sizes.put("dim_mult", widths.stream().map(width -> width / unit).toList());
        sizes.put("num_res_blocks", sizes.count("decoder.up_blocks.0.resnets.%d.conv1.weight") - 1);
        sizes.put("temperal_downsample", timed(sizes, levels));
        sizes.require(
                !base.has("latents_mean") || base.numbers("latents_mean").size() == latents,
                "no shape tells latents_mean and latents_std of its %d channels"
                        .formatted(latents));
        return Optional.of(
                sizes.as(
                        "autoencoder (AutoencoderKLQwenImage), %d latent channels"
                                .formatted(latents),
                        latents));
    }

    /** Which steps of the encoder halve the time: those that the decoder doubles again. */
    private static List<Boolean> timed(Recognised.Sizes sizes, int levels) {
        return IntStream.range(0, levels - 1)
                .map(down -> levels - 2 - down)
                .mapToObj(
                        up ->
                                sizes.has(
                                        "decoder.up_blocks."
                                                + up
                                                + ".upsamplers.0.time_conv.weight"))
                .toList();
    }
}
