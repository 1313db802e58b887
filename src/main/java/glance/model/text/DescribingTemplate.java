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
 * The embeddings of the order are dropped. The references drop 34 tokens, which is what it has with
 * the published tokenizer; counting them gives the same there and is right for any tokenizer. Where
 * pictures are edited the order is another one, marks of the pictures stand before the prompt and
 * are kept with it, and 64 tokens are dropped whatever the tokenizer.
 */
public final class DescribingTemplate {
    private static final String SYSTEM = "<|im_start|>system\n";
    private static final String DESCRIBE =
            "Describe the image by detailing the color, shape, size, texture, quantity, text,"
                    + " spatial relationships of the objects and background:";
    private static final String EDIT =
            "Describe the key features of the input image (color, shape, size, texture, objects,"
                    + " background), then explain how the user's text instruction should alter or"
                    + " modify the image. Generate a new image that meets the user's requirements"
                    + " while maintaining consistency with the original input where appropriate.";
    private static final String USER = "<|im_end|>\n<|im_start|>user\n";

    /** Tokens that the references drop where pictures are edited. */
    private static final int EDIT_DROPPED = 64;

    private static final String AFTER = "<|im_end|>\n<|im_start|>assistant\n";

    private final PromptTemplate template;
    private final int limit;
    private final End end;
    private final int dropped;
    private final int front; // tokens before the prompt
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
        this(tokenizer, SYSTEM + DESCRIBE + USER, "", limit, end, Integer.MAX_VALUE);
    }

    /**
     * The template of models that edit pictures.
     *
     * @param pictures marks of the pictures and what stands around them
     * @param limit tokens that are kept behind the pictures
     */
    public static DescribingTemplate editing(Tokenizer tokenizer, String pictures, int limit) {
        return new DescribingTemplate(
                tokenizer, SYSTEM + EDIT + USER, pictures, limit, End.CUT, EDIT_DROPPED);
    }

    private DescribingTemplate(
            Tokenizer tokenizer,
            String order,
            String pictures,
            int limit,
            End end,
            int mostDropped) {
        this.template = new PromptTemplate(tokenizer, order + pictures, AFTER);
        this.limit = limit;
        this.end = end;
        this.dropped = Math.min(mostDropped, tokenizer.encode(order).length);
        this.front = tokenizer.encode(order + pictures).length;
        this.after = tokenizer.encode(AFTER);
    }

    /** The ids of the whole text, as the encoder reads them. */
    public int[] ids(String prompt) {
        int[] all = template.ids(prompt);
        if (all.length <= front + limit) {
            return all;
        }
        int[] ids = Arrays.copyOf(all, front + limit);
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
        int room = front + (end == End.KEPT ? Math.max(0, limit - after.length) : limit);
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
