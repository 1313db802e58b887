package glance.model.autoencoderkl;

import glance.io.Config;
import java.util.Collections;
import java.util.List;

/**
 * config.json of AutoencoderKL.
 *
 * @param blockOutChannels channels of each level, from the picture inwards
 * @param layersPerBlock residual blocks of an encoder level; the decoder has one more
 * @param normGroups groups of every GroupNorm
 * @param scalingFactor brings raw latents to about unit variance
 * @param shiftFactor mean of raw latents
 * @param quantConv whether a 1 x 1 convolution follows the encoder
 * @param postQuantConv whether a 1 x 1 convolution precedes the decoder
 * @param midAttention whether the middle block attends over all pixels
 */
public record AutoencoderKlConfig(
        int imageChannels,
        int latentChannels,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        int normGroups,
        double scalingFactor,
        double shiftFactor,
        boolean quantConv,
        boolean postQuantConv,
        boolean midAttention) {
    private static final int MAX_LEVELS = 8;

    /** Reads and checks config.json. */
    public static AutoencoderKlConfig of(Config config) {
        List<Integer> channels =
                config.has("block_out_channels")
                        ? config.integers("block_out_channels")
                        : List.of(64);
        if (channels.isEmpty() || channels.size() > MAX_LEVELS) {
            throw config.refuse(
                    "block_out_channels",
                    "must have 1 to " + MAX_LEVELS + " entries, got " + channels.size(),
                    null);
        }
        int groups = config.positive("norm_num_groups", 32);
        for (int c : channels) {
            if (c < 1 || c > Config.MAX_SIZE || c % groups != 0) {
                throw config.refuse(
                        "block_out_channels",
                        "each entry must be a multiple of norm_num_groups = "
                                + groups
                                + ", got "
                                + c,
                        null);
            }
        }
        config.accepts(
                "down_block_types", Collections.nCopies(channels.size(), "DownEncoderBlock2D"));
        config.accepts("up_block_types", Collections.nCopies(channels.size(), "UpDecoderBlock2D"));
        config.accepts("act_fn", "silu", "swish");
        int imageChannels = config.positive("in_channels", 3);
        config.accepts("out_channels", imageChannels);
        double scale = config.number("scaling_factor", 0.18215);
        if (scale == 0) {
            throw config.refuse("scaling_factor", "must not be 0", null);
        }
        return new AutoencoderKlConfig(
                imageChannels,
                config.positive("latent_channels", 4),
                channels,
                config.count("layers_per_block", 1),
                groups,
                scale,
                config.number("shift_factor", 0),
                config.flag("use_quant_conv", true),
                config.flag("use_post_quant_conv", true),
                config.flag("mid_block_add_attention", true));
    }

    /** Pixels per latent pixel, along each side. */
    public int scaleFactor() {
        return 1 << (blockOutChannels.size() - 1);
    }
}
