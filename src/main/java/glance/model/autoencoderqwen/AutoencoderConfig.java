package glance.model.autoencoderqwen;

import glance.api.FormatException;
import glance.io.Config;
import java.util.List;

/**
 * config.json of AutoencoderKLQwenImage, as far as single frames need it.
 *
 * @param latentsMean of each latent channel, over the training set
 * @param latentsStd of each latent channel, over the training set
 */
public record AutoencoderConfig(
        int baseDim,
        int latentChannels,
        List<Integer> dimMult,
        int numResBlocks,
        List<Boolean> temporalDownsample,
        int imageChannels,
        List<Double> latentsMean,
        List<Double> latentsStd) {
    private static final int MAX_LEVELS = 8;

    /** Reads and checks config.json. */
    public static AutoencoderConfig of(Config config) {
        AutoencoderConfig result =
                new AutoencoderConfig(
                        config.positive("base_dim", 96),
                        config.positive("z_dim", 16),
                        config.has("dim_mult") ? config.integers("dim_mult") : List.of(1, 2, 4, 4),
                        config.count("num_res_blocks", 2),
                        config.has("temperal_downsample")
                                ? config.flags("temperal_downsample")
                                : List.of(false, true, true),
                        config.positive("input_channels", 3),
                        config.numbers("latents_mean"),
                        config.numbers("latents_std"));
        if (config.has("attn_scales") && !config.numbers("attn_scales").isEmpty()) {
            throw config.refuse(
                    "attn_scales", "attention outside the middle block is not supported", null);
        }
        List<Integer> factors = result.dimMult;
        if (factors.isEmpty() || factors.size() > MAX_LEVELS) {
            throw config.refuse(
                    "dim_mult",
                    "must have 1 to " + MAX_LEVELS + " entries, got " + factors.size(),
                    null);
        }
        for (int factor : factors) {
            if (factor < 1) {
                throw config.refuse("dim_mult", "must be 1 or more each, got " + factor, null);
            }
            config.product("dim_mult", result.baseDim, factor);
        }
        if (result.latentsStd.stream().anyMatch(deviation -> deviation <= 0)) {
            throw config.refuse("latents_std", "must be above 0 each", null);
        }
        int z = result.latentChannels;
        if (result.latentsMean.size() != z || result.latentsStd.size() != z) {
            throw config.refuse(
                    "latents_mean",
                    "latents_mean and latents_std must have z_dim = " + z + " entries",
                    null);
        }
        if (result.temporalDownsample.size() != result.dimMult.size() - 1) {
            throw config.refuse(
                    "temperal_downsample", "must have one entry less than dim_mult", null);
        }
        return result;
    }

    /**
     * Requires that a transformer takes these latents.
     *
     * @param transformer its config.json
     * @param got its {@code in_channels}
     * @param pixels latent pixels in a token, whose channels stand side by side
     * @throws FormatException if they are others
     */
    public void requireChannels(Config transformer, int got, int pixels) {
        int expected = latentChannels * pixels;
        if (got != expected) {
            throw transformer.refuse(
                    "in_channels",
                    "expected " + expected + " to match the autoencoder's z_dim, got " + got,
                    "use the parts of one model");
        }
    }

    /** Pixels per latent pixel, along each side. */
    public int scaleFactor() {
        return 1 << temporalDownsample.size();
    }
}
