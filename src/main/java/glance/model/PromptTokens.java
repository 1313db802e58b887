package glance.model;

import glance.api.RequestException;

/**
 * How many tokens of a prompt a model reads where that can be chosen: by T5 or Qwen, not by CLIP.
 *
 * @param usual what its reference pipeline reads unless told otherwise
 * @param most what it can read
 */
public record PromptTokens(int usual, int most) {
    /** Of models without a text encoder. */
    public static final PromptTokens NONE = new PromptTokens(0, 0);

    /**
     * The number to use.
     *
     * @param asked 0 for the usual one
     * @throws RequestException if the model cannot read so many
     */
    public int of(int asked) {
        if (asked == 0) {
            return usual;
        }
        if (asked < 0 || asked > most) {
            throw new RequestException(
                    asked
                            + " prompt tokens: this model "
                            + (most == 0
                                    ? "has no text encoder for which they could be chosen"
                                    : "reads 1 to " + most + " tokens, " + usual + " by itself"));
        }
        return asked;
    }
}
