package glance.model.text;

import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A text that stands around every prompt, as chat models expect it.
 *
 * @param tokenizer of the model; closing it is up to its owner
 * @param before what stands before the prompt
 * @param after what stands after it
 */
public record PromptTemplate(Tokenizer tokenizer, String before, String after) {
    /** The ids of a prompt in the template, as many as there are. */
    public int[] ids(String prompt) {
        return tokenizer.encode(before + prompt + after);
    }

    /**
     * What of a prompt is not read; what is cut of the template behind it is no loss.
     *
     * @param encoder name of the encoder that is given the ids
     * @param kept number of ids that it is given
     * @param limit tokens that it reads, as the user counts them
     * @param most tokens that it could be told to read
     */
    public Optional<PromptCut> cut(String encoder, String prompt, int kept, int limit, int most) {
        int[] starts = tokenizer.starts(before + prompt + after);
        int end = before.length() + prompt.length();
        int[] lost = Arrays.stream(starts).skip(kept).filter(start -> start < end).toArray();
        if (lost.length == 0) {
            return Optional.empty();
        }
        int from = Math.max(0, lost[0] - before.length());
        return Optional.of(PromptCut.of(encoder, limit, most, lost.length, prompt, from));
    }
}
