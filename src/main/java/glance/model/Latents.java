package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * Packed latents: each token holds a patch x patch square of latent pixels. For 2 channels a, b and
 * patch 2 the square
 *
 * <pre>
 *   a0 a1      b0 b1
 *   a2 a3      b2 b3
 * </pre>
 *
 * becomes the token {@code a0 a1 a2 a3 b0 b1 b2 b3}. Equals _pack_latents of the FLUX and
 * Qwen-Image pipelines.
 */
public final class Latents {
    private Latents() {}

    /** [batch, channels, height, width] to tokens [batch, h * w, channels * patch^2]. */
    public static Tensor pack(Ops ops, Tensor pixels, int patch) {
        int batch = pixels.dim(0);
        int channels = pixels.dim(1);
        int h = pixels.dim(2) / patch;
        int w = pixels.dim(3) / patch;
        Tensor squares = pixels.reshape(batch, channels, h, patch, w, patch);
        Tensor tokens = ops.pack(squares.permute(0, 2, 4, 1, 3, 5));
        return tokens.reshape(batch, h * w, channels * patch * patch);
    }

    /**
     * Tokens whose elements are ordered (row, column, channel), as the last layers of DiT and SD3
     * give them, in the order of {@link #pack}.
     *
     * @param tokens [batch, tokens, patch^2 * channels]
     * @return [batch, tokens, channels * patch^2]
     */
    public static Tensor channelsFirst(Ops ops, Tensor tokens, int patch) {
        int pixels = patch * patch;
        int channels = tokens.dim(2) / pixels;
        Tensor split = tokens.reshape(tokens.dim(0), tokens.dim(1), pixels, channels);
        return ops.pack(split.permute(0, 1, 3, 2))
                .reshape(tokens.dim(0), tokens.dim(1), tokens.dim(2));
    }

    /** The reverse of {@link #channelsFirst}. */
    public static Tensor channelsLast(Ops ops, Tensor tokens, int patch) {
        int pixels = patch * patch;
        int channels = tokens.dim(2) / pixels;
        Tensor split = tokens.reshape(tokens.dim(0), tokens.dim(1), channels, pixels);
        return ops.pack(split.permute(0, 1, 3, 2))
                .reshape(tokens.dim(0), tokens.dim(1), tokens.dim(2));
    }

    /** Tokens [batch, h * w, channels * patch^2] to [batch, height, width, channels]. */
    public static Tensor unpack(Ops ops, Tensor tokens, int patch, TokenGrid grid) {
        int batch = tokens.dim(0);
        int channels = tokens.dim(2) / (patch * patch);
        Tensor squares = tokens.reshape(batch, grid.height(), grid.width(), channels, patch, patch);
        Tensor pixels = ops.pack(squares.permute(0, 1, 4, 2, 5, 3));
        return pixels.reshape(batch, grid.height() * patch, grid.width() * patch, channels);
    }
}
