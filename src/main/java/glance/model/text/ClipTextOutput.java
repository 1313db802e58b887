package glance.model.text;

import glance.tensor.Tensor;

/**
 * What a CLIP text model says about a batch of texts.
 *
 * @param last [batch, seqLen, dim], hidden states after the final norm
 * @param penultimate [batch, seqLen, dim], hidden states before the last layer, without a norm
 * @param pooled [batch, dim], the row of {@code last} at each text's end token
 * @param projected [batch, projectionDim], {@code pooled} projected; null if the checkpoint has no
 *     projection
 */
public record ClipTextOutput(Tensor last, Tensor penultimate, Tensor pooled, Tensor projected) {}
