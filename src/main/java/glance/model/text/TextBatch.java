package glance.model.text;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Token embeddings of several texts, padded on the right to the longest.
 *
 * @param embeddings [batch, maxLen, dim]
 * @param lengths [batch] I32, the number of real tokens of each text
 * @param pooled [batch, pooledDim], one embedding of each whole text, or null if the model has none
 */
public record TextBatch(Tensor embeddings, Tensor lengths, Tensor pooled) {
    /**
     * Texts of several batches, in groups: the first group of every batch comes first, such as the
     * prompts before the negative prompts. All are padded to the longest of them, in the innermost
     * scope.
     *
     * @param groups even ones of each batch
     */
    public static TextBatch joined(Ops ops, List<TextBatch> batches, int groups) {
        if (batches.size() == 1) {
            return batches.get(0);
        }
        int longest = batches.stream().mapToInt(TextBatch::maxLen).max().orElseThrow();
        List<TextBatch> parts = new ArrayList<>();
        for (int group = 0; group < groups; group++) {
            for (TextBatch batch : batches) {
                int rows = batch.batch() / groups;
                int from = group * rows;
                TextBatch own = batch.map(tensor -> tensor.narrow(0, from, rows));
                parts.add(own.padded(ops, longest));
            }
        }
        return concat(ops, parts);
    }

    /** Embeddings without a pooled one. */
    public TextBatch(Tensor embeddings, Tensor lengths) {
        this(embeddings, lengths, null);
    }

    /** How many texts there are. */
    public int batch() {
        return embeddings.dim(0);
    }

    /** Tokens of each text, with padding. */
    public int maxLen() {
        return embeddings.dim(1);
    }

    /** Some of the texts, in the innermost scope. */
    public TextBatch rows(Ops ops, List<Integer> rows) {
        return concat(
                ops, rows.stream().map(row -> map(tensor -> tensor.narrow(0, row, 1))).toList());
    }

    private TextBatch map(UnaryOperator<Tensor> change) {
        return new TextBatch(
                change.apply(embeddings),
                change.apply(lengths),
                pooled == null ? null : change.apply(pooled));
    }

    /** With zeros after the texts, up to a length. */
    private TextBatch padded(Ops ops, int length) {
        if (maxLen() == length) {
            return this;
        }
        Tensor longer =
                ops.training().zeros(embeddings.dtype(), embeddings.shape().with(1, length));
        ops.copy(embeddings, longer.narrow(1, 0, maxLen()));
        return new TextBatch(longer, lengths, pooled);
    }

    private static TextBatch concat(Ops ops, List<TextBatch> parts) {
        return new TextBatch(
                concat(ops, parts, TextBatch::embeddings),
                concat(ops, parts, TextBatch::lengths),
                parts.get(0).pooled == null ? null : concat(ops, parts, TextBatch::pooled));
    }

    /** One after the other, in their own dtype: not all of it are activations. */
    private static Tensor concat(Ops ops, List<TextBatch> parts, Function<TextBatch, Tensor> kind) {
        List<Tensor> all = parts.stream().map(kind).toList();
        int rows = all.stream().mapToInt(one -> one.dim(0)).sum();
        Tensor first = all.get(0);
        Tensor out = ops.empty(first.dtype(), first.shape().with(0, rows));
        int at = 0;
        for (Tensor own : all) {
            ops.copy(own, out.narrow(0, at, own.dim(0)));
            at += own.dim(0);
        }
        return out;
    }
}
