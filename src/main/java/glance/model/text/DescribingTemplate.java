package glance.model.text;

import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The chat template in which Qwen-Image and Krea 2 put a prompt: an order to describe a picture
 * before it, and the beginning of an answer behind it.
 *
 * <pre>
 *   | order ... user | a red circle ... | end assistant |
 *     dropped          kept: at most `limit` tokens
 * </pre>
 *
 * The embeddings of what stands before the prompt are dropped. The references drop 34, which is
 * what it has with the published tokenizer; counting the tokens gives the same there and is right
 * for any tokenizer.
 */
public final class DescribingTemplate {
    private static final String BEFORE =
            "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity,"
                    + " text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n";
    private static final String AFTER = "<|im_end|>\n<|im_start|>assistant\n";

    private final PromptTemplate template;
    private final int limit;
    private final End end;
    private final int dropped;
    private final int[] after;

    /** What becomes of the template's end where the prompt leaves no room for it. */
    public enum End {
        /** It is cut off with the end of the prompt. */
        CUT,
        /** The prompt is cut before it. */
        KEPT
    }

    /**
     * The template for a tokenizer, which the caller closes.
     *
     * @param limit tokens that are kept, those behind the prompt included
     */
    public DescribingTemplate(Tokenizer tokenizer, int limit, End end) {
        this.template = new PromptTemplate(tokenizer, BEFORE, AFTER);
        this.limit = limit;
        this.end = end;
        this.dropped = tokenizer.encode(BEFORE).length;
        this.after = tokenizer.encode(AFTER);
    }

    /** The ids of the whole text, as the encoder reads them. */
    public int[] ids(String prompt) {
        int[] all = template.ids(prompt);
        if (all.length <= dropped + limit) {
            return all;
        }
        int[] ids = Arrays.copyOf(all, dropped + limit);
        if (end == End.KEPT) {
            int kept = Math.min(after.length, limit);
            System.arraycopy(after, after.length - kept, ids, ids.length - kept, kept);
        }
        return ids;
    }

    /**
     * What is cut off of a prompt; of the template behind it nothing is lost by that.
     *
     * @param encoder name of the encoder that is given the ids
     * @param most tokens that could be kept
     */
    public Optional<PromptCut> cut(String encoder, String prompt, int most) {
        int room = dropped + (end == End.KEPT ? Math.max(0, limit - after.length) : limit);
        return template.cut(encoder, prompt, room, limit, most);
    }

    /**
     * The embeddings that are kept.
     *
     * @param ids of each text
     * @param states hidden states of these ids, each [batch, length, dim]
     * @return embeddings [batch, maxLen, states * dim], the states of a token one after the other
     */
    public TextBatch kept(Ops ops, List<int[]> ids, List<Tensor> states) {
        int[] lengths = ids.stream().mapToInt(row -> row.length - dropped).toArray();
        int maxLen = IntStream.of(lengths).max().orElse(0);
        Tensor counts = ops.host().ints(Shape.of(lengths.length), lengths);
        try (Scope scope = ops.scope()) {
            List<Tensor> parts =
                    states.stream().map(state -> state.narrow(1, dropped, maxLen)).toList();
            Tensor kept = parts.size() == 1 ? ops.pack(parts.get(0)) : ops.concat(2, parts);
            return new TextBatch(scope.keep(kept), counts);
        }
    }
}
