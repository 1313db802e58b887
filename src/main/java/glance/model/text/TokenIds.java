package glance.model.text;

import glance.api.FormatException;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/** Token ids on their way into a text encoder. */
final class TokenIds {
    private TokenIds() {}

    /**
     * Refuses ids that the embedding table does not have.
     *
     * @throws FormatException if there is one: tokenizer and encoder do not belong together
     */
    static void check(int[] ids, int vocabSize) {
        for (int id : ids) {
            if (id < 0 || id >= vocabSize) {
                throw new FormatException(
                        null,
                        "text encoder",
                        "token id " + id + " is outside its vocabulary of " + vocabSize,
                        "use the tokenizer that belongs to it");
            }
        }
    }

    /**
     * Texts of one length as a tensor [batch, seqLen] I32.
     *
     * @throws IllegalArgumentException if there is none, or lengths differ
     * @throws FormatException if an id is outside the vocabulary
     */
    static Tensor upload(Ops ops, List<int[]> padded, int vocabSize) {
        if (padded.isEmpty() || padded.get(0).length == 0) {
            throw new IllegalArgumentException("text encoder: needs at least one token id");
        }
        int seqLen = padded.get(0).length;
        int[] all = new int[padded.size() * seqLen];
        for (int b = 0; b < padded.size(); b++) {
            int[] row = padded.get(b);
            if (row.length != seqLen) {
                throw new IllegalArgumentException(
                        "text encoder: texts must be padded to one length, got "
                                + seqLen
                                + " and "
                                + row.length
                                + " ids");
            }
            check(row, vocabSize);
            System.arraycopy(row, 0, all, b * seqLen, seqLen);
        }
        return ops.host().ints(Shape.of(padded.size(), seqLen), all);
    }
}
