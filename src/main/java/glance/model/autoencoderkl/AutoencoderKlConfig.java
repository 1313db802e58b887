package glance.model.autoencoderkl;

import glance.api.FormatException;
import glance.io.Config;
import java.util.Collections;
import java.util.List;

/**
 * config.json of AutoencoderKL, or of AutoencoderKLFlux2, whose latents are normalised by the
 * running statistics of a batch norm on squares of 2 x 2.
 *
 * @param blockOutChannels channels of each level, from the picture inwards
 * @param decoderChannels the same of the decoder
 * @param layersPerBlock residual blocks of an encoder level; the decoder has one more
 * @param normGroups groups of every GroupNorm
 * @param scalingFactor brings raw latents to about unit variance
 * @param shiftFactor mean of raw latents
 * @param quantConv whether a 1 x 1 convolution follows the encoder
 * @param postQuantConv whether a 1 x 1 convolution precedes the decoder
 * @param midAttention whether the middle block attends over all pixels
 * @param batchNorm whether the channels of packed latents are normalised one by one; then there is
 *     no scaling and no shift
 * @param batchNormEps what is added to their variances
 */
public record AutoencoderKlConfig(
        int imageChannels,
        int latentChannels,
        List<Integer> blockOutChannels,
        List<Integer> decoderChannels,
        int layersPerBlock,
        int normGroups,
        double scalingFactor,
        double shiftFactor,
        boolean quantConv,
        boolean postQuantConv,
        boolean midAttention,
        boolean batchNorm,
        float batchNormEps) {
    /** Latent pixels along each side of a square that is normalised as one. */
    static final int NORM_PATCH = 2;

    private static final String CHANNELS = "block_out_channels";
    private static final String DECODER = "decoder_block_out_channels";
    private static final String EPS = "batch_norm_eps";
    private static final int MAX_LEVELS = 8;

    /** Reads and checks config.json. */
    public static AutoencoderKlConfig of(Config config) {
        int groups = config.positive("norm_num_groups", 32);
        List<Integer> channels =
                config.has(CHANNELS) ? levels(config, CHANNELS, groups) : List.of(64);
        List<Integer> decoder = config.has(DECODER) ? levels(config, DECODER, groups) : channels;
        if (decoder.size() != channels.size()) {
            throw config.refuse(
                    DECODER,
                    "must have " + channels.size() + " entries as block_out_channels has",
                    null);
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
        boolean batchNorm = config.has(EPS);
        if (batchNorm) {
            config.accepts("patch_size", List.of(NORM_PATCH, NORM_PATCH));
        }
        return new AutoencoderKlConfig(
                imageChannels,
                config.positive("latent_channels", 4),
                channels,
                decoder,
                config.count("layers_per_block", 1),
                groups,
                batchNorm ? 1 : scale,
                batchNorm ? 0 : config.number("shift_factor", 0),
                config.flag("use_quant_conv", true),
                config.flag("use_post_quant_conv", true),
                config.flag("mid_block_add_attention", true),
                batchNorm,
                config.epsilon(EPS, 0));
    }

    private static List<Integer> levels(Config config, String key, int groups) {
        List<Integer> channels = config.integers(key);
        if (channels.isEmpty() || channels.size() > MAX_LEVELS) {
            throw config.refuse(
                    key, "must have 1 to " + MAX_LEVELS + " entries, got " + channels.size(), null);
        }
        for (int c : channels) {
            if (c < 1 || c > Config.MAX_SIZE || c % groups != 0) {
                throw config.refuse(
                        key,
                        "each entry must be a multiple of norm_num_groups = "
                                + groups
                                + ", got "
                                + c,
                        null);
            }
        }
        return channels;
    }

    /**
     * Requires that a transformer has the channels of these latents.
     *
     * @param transformer its config.json
     * @param key where that says how many
     * @param got how many
     * @param pixels latent pixels in a token, whose channels stand side by side
     * @throws FormatException if they are others
     */
    public void requireChannels(Config transformer, String key, int got, int pixels) {
        int expected = latentChannels * pixels;
        if (got != expected) {
            throw transformer.refuse(
                    key,
                    "expected "
                            + expected
                            + " to match the autoencoder's latent_channels, got "
                            + got,
                    "use the parts of one model");
        }
    }

    /** Pixels per latent pixel, along each side. */
    public int scaleFactor() {
        return 1 << (blockOutChannels.size() - 1);
    }
}
