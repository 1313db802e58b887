package glance.model.text;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * Token embeddings of several texts, padded on the right to the longest.
 *
 * @param embeddings [batch, maxLen, dim]
 * @param lengths [batch] I32, the number of real tokens of each text
 * @param pooled [batch, pooledDim], one embedding of each whole text, or null if the model has none
 */
public record TextBatch(Tensor embeddings, Tensor lengths, Tensor pooled) {
    /**
     * Texts of several batches of one length, in groups: the first group of every batch comes
     * first, such as the prompts before the negative prompts.
     *
     * @param groups even ones of each batch
     */
    public static TextBatch joined(Ops ops, List<TextBatch> batches, int groups) {
        if (batches.size() == 1) {
            return batches.get(0);
        }
        return new TextBatch(
                joined(ops, batches, groups, TextBatch::embeddings),
                joined(ops, batches, groups, TextBatch::lengths),
                joined(ops, batches, groups, TextBatch::pooled));
    }

    private static Tensor joined(
            Ops ops, List<TextBatch> batches, int groups, Function<TextBatch, Tensor> part) {
        Tensor first = part.apply(batches.get(0));
        if (first == null) {
            return null;
        }
        int rows = first.dim(0) / groups;
        int count = groups * batches.size();
        Tensor all = ops.empty(first.dtype(), first.shape().with(0, count * rows));
        for (int i = 0; i < count; i++) {
            Tensor own = part.apply(batches.get(i % batches.size()));
            int group = i / batches.size();
            ops.copy(own.narrow(0, group * rows, rows), all.narrow(0, i * rows, rows));
        }
        return all;
    }

    /** Embeddings without a pooled one. */
    public TextBatch(Tensor embeddings, Tensor lengths) {
        this(embeddings, lengths, null);
    }
}
