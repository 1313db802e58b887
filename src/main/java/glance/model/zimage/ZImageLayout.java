package glance.model.zimage;

import glance.op.AttentionMask;
import glance.op.Rope;
import glance.tensor.Tensor;

/**
 * Where the tokens of a batch are. Texts come first and are padded to one length for the batch, so
 * that samples can differ; padding up to a multiple of 32 tokens is learned, and as real as words.
 *
 * <pre>
 *   sample 0  | 33 words, 31 pads                  | 20 picture tokens, 12 pads |
 *   sample 1  | 12 words, 20 pads | 32 not there   | 20 picture tokens, 12 pads |
 *
 *   first coordinate: words 1, 2, ..., pads go on; all tokens of the picture the next number,
 *   which is 65 for sample 0 and 33 for sample 1; its pads are at the origin
 * </pre>
 *
 * @param text positions of the texts alone
 * @param picture positions of the pictures alone
 * @param joint positions of both
 * @param textMask which text tokens are there
 * @param jointMask which tokens of text and picture are there
 * @param picturePads [batch, pads, dim] after the pictures; null for none
 * @param tokens of the picture, without padding
 */
public record ZImageLayout(
        Rope text,
        Rope picture,
        Rope joint,
        AttentionMask textMask,
        AttentionMask jointMask,
        Tensor picturePads,
        int tokens) {}
