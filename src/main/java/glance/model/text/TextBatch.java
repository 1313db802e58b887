package glance.model.text;

import glance.tensor.Tensor;

/**
 * Token embeddings of several texts, padded on the right to the longest.
 *
 * @param embeddings [batch, maxLen, dim]
 * @param lengths [batch] I32, the number of real tokens of each text
 * @param pooled [batch, pooledDim], one embedding of each whole text, or null if the model has none
 */
public record TextBatch(Tensor embeddings, Tensor lengths, Tensor pooled) {
    /** Embeddings without a pooled one. */
    public TextBatch(Tensor embeddings, Tensor lengths) {
        this(embeddings, lengths, null);
    }
}
