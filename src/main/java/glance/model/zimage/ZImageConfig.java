package glance.model.zimage;

import glance.io.Config;
import glance.model.transformer.RopeAxes;
import java.util.List;

/**
 * config.json of ZImageTransformer2DModel.
 *
 * @param channels of a latent pixel
 * @param hiddenDim width of the stream
 * @param numLayers blocks over text and picture together
 * @param numRefiners blocks over the picture alone, and as many over the text alone, before them
 * @param textDim width of the text embeddings
 * @param normEps of the norms around attention and MLP
 * @param ropeTheta base of the rotary frequencies
 * @param timeScale what a time from 0 (noise) to 1 is multiplied by
 * @param axesDims rotary sizes of sequence, row and column; they add up to headDim
 */
public record ZImageConfig(
        int channels,
        int hiddenDim,
        int numHeads,
        int numLayers,
        int numRefiners,
        int textDim,
        float normEps,
        double ropeTheta,
        float timeScale,
        List<Integer> axesDims) {
    /** Latent pixels along each side of a token. */
    static final int PATCH = 2;

    /** Texts and pictures are padded to multiples of this many tokens. */
    static final int TOKENS = 32;

    static final List<Integer> PUBLISHED_AXES = List.of(32, 48, 48);

    private static final int MAX_CONDITION_DIM = 256;

    /** Reads and checks config.json. */
    public static ZImageConfig of(Config config) {
        config.accepts("all_patch_size", List.of(PATCH));
        config.accepts("all_f_patch_size", List.of(1));
        config.accepts("qk_norm", true);
        if (config.has("siglip_feat_dim")) {
            throw config.refuse(
                    "siglip_feat_dim",
                    "pictures as input are not supported",
                    "use Z-Image or Z-Image-Turbo");
        }
        int hiddenDim = config.positive("dim", 3840);
        int numHeads = config.count("n_heads", 30);
        config.accepts("n_kv_heads", numHeads);
        if (hiddenDim % numHeads != 0) {
            throw config.refuse(
                    "n_heads",
                    "must divide dim " + hiddenDim + ", got " + numHeads,
                    "use the published config");
        }
        List<Integer> axes =
                RopeAxes.read(config, "axes_dims", PUBLISHED_AXES, hiddenDim / numHeads);
        return new ZImageConfig(
                config.positive("in_channels", 16),
                hiddenDim,
                numHeads,
                config.count("n_layers", 30),
                config.integer("n_refiner_layers", 2, 0, Config.MAX_COUNT),
                config.positive("cap_feat_dim", 2560),
                config.epsilon("norm_eps", 1e-5),
                config.number("rope_theta", 256, 1, Float.MAX_VALUE),
                (float) config.number("t_scale", 1000, 0, Float.MAX_VALUE),
                axes);
    }

    /** Size of one attention head. */
    public int headDim() {
        return hiddenDim / numHeads;
    }

    /** Channels of a packed token. */
    public int tokenChannels() {
        return channels * PATCH * PATCH;
    }

    /** Width inside the MLP: 8/3 of the stream's. */
    int mlpDim() {
        return (int) (hiddenDim / 3.0 * 8);
    }

    /** Width of what blocks are told of the time. */
    int conditionDim() {
        return Math.min(hiddenDim, MAX_CONDITION_DIM);
    }

    /** A number of tokens with its padding. */
    static int padded(int tokens) {
        return (tokens + TOKENS - 1) / TOKENS * TOKENS;
    }
}
