package glance.model.text;

import glance.tensor.Tensor;

/**
 * Token embeddings of several texts, padded on the right to the longest.
 *
 * @param embeddings [batch, maxLen, dim]
 * @param lengths [batch] I32, the number of real tokens of each text
 */
public record TextBatch(Tensor embeddings, Tensor lengths) {}
