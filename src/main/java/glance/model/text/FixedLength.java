package glance.model.text;

import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Token ids of one length, as the pipelines of FLUX and SD3 give them to their text encoders: with
 * the tokens that the tokenizer puts around a text, padded on the right; of a text that is too long
 * the end is cut off, but not its end token.
 *
 * @param tokenizer of the model; closing it is up to its owner
 * @param length number of ids
 * @param padId fills short texts
 */
public record FixedLength(Tokenizer tokenizer, int length, int padId) {
    /** Padding as {@code tokenizer_config.json} says. */
    public FixedLength(Tokenizer tokenizer, int length) {
        this(tokenizer, length, tokenizer.padId());
    }

    /**
     * What is cut off of a text.
     *
     * @param encoder name of the encoder that is given the ids
     * @param most ids that it could be given
     */
    public Optional<PromptCut> cut(String encoder, String text, int most) {
        int[] starts = tokenizer.starts(text);
        int kept = Math.max(0, length - tokenizer.encode("", true).length);
        if (starts.length <= kept) {
            return Optional.empty();
        }
        int lost = starts.length - kept;
        return Optional.of(PromptCut.of(encoder, length, most, lost, text, starts[kept]));
    }

    /** The ids of a text, {@code length} of them. */
    public int[] ids(String text) {
        int[] all = tokenizer.encode(text, true);
        int[] ids = Arrays.copyOf(all, length);
        if (all.length > length) {
            ids[length - 1] = all[all.length - 1];
        } else {
            Arrays.fill(ids, all.length, length, padId);
        }
        return ids;
    }
}
