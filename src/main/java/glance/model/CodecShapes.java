package glance.model;

import glance.tensor.Tensor;

/** Checks of what callers hand to a codec; messages name the argument, expected and got. */
public final class CodecShapes {
    private CodecShapes() {}

    /**
     * Checks a picture that is to be encoded.
     *
     * @param multiple what its sides must be multiples of, in pixels
     * @throws IllegalArgumentException if it is not [batch, height, width, channels]
     */
    public static void picture(Tensor image, int channels, int multiple) {
        boolean fits =
                image.rank() == 4
                        && image.dim(3) == channels
                        && isMultiple(image.dim(1), multiple)
                        && isMultiple(image.dim(2), multiple);
        if (!fits) {
            throw new IllegalArgumentException(
                    String.format(
                            "encode: image must be [batch, height, width, %d] with sides that are"
                                    + " multiples of %d, got %s; crop or resize it",
                            channels, multiple, image.shape()));
        }
    }

    /**
     * Checks latent pixels that are to be decoded.
     *
     * @throws IllegalArgumentException if they are not [batch, height, width, channels]
     */
    public static void latents(Tensor latents, int channels) {
        if (latents.rank() != 4 || latents.dim(3) != channels || latents.numel() == 0) {
            throw new IllegalArgumentException(
                    String.format(
                            "decode: latents must be [batch, height, width, %d], got %s",
                            channels, latents.shape()));
        }
    }

    /**
     * Checks packed latents that are to be decoded.
     *
     * @param channels of a token
     * @throws IllegalArgumentException if they are not [batch, tokens of the grid, channels]
     */
    public static void tokens(Tensor latents, TokenGrid grid, int channels) {
        boolean fits =
                latents.rank() == 3
                        && latents.dim(1) == grid.tokens()
                        && latents.dim(2) == channels;
        if (!fits) {
            throw new IllegalArgumentException(
                    String.format(
                            "decode: latents must be [batch, %d, %d] for %d x %d tokens, got %s",
                            grid.tokens(), channels, grid.height(), grid.width(), latents.shape()));
        }
    }

    private static boolean isMultiple(int side, int of) {
        return side > 0 && side % of == 0;
    }
}
