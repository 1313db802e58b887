package glance.op;

import glance.tensor.Tensor;

/**
 * Which keys a query may see. All parts combine: a key is visible if every part allows it.
 *
 * <p>The padded prefix describes joint sequences, text first (B = 2, prefix = 4, lengths = [4, 2]):
 *
 * <pre>
 *   key      t0 t1 t2 t3 | i0 i1 i2 ...
 *   sample 0  x  x  x  x |  x  x  x      all four text tokens are real
 *   sample 1  x  x  .  . |  x  x  x      two are padding
 * </pre>
 *
 * With {@code prefix = seqLen} it is plain right padding.
 *
 * @param causal query {@code i} sees keys {@code 0..i} only (query and key lengths equal)
 * @param prefix number of leading keys of which only {@code lengths[b]} are real; 0 without padding
 * @param lengths [batch] I32, or null when {@code prefix} is 0
 * @param bias [numHeads, seqLen, keyLen] F32 added to the scaled scores, or null
 */
public record AttentionMask(boolean causal, int prefix, Tensor lengths, Tensor bias) {
    private static final AttentionMask NONE = new AttentionMask(false, 0, null, null);

    /** Every query sees every key. */
    public static AttentionMask none() {
        return NONE;
    }

    /** Of the first {@code prefix} keys of sample b only {@code lengths[b]} are real. */
    public static AttentionMask paddedPrefix(int prefix, Tensor lengths) {
        return new AttentionMask(false, prefix, lengths, null);
    }

    /** This mask and the causal one. */
    public AttentionMask andCausal() {
        return new AttentionMask(true, prefix, lengths, bias);
    }

    /** This mask with {@code bias} added to the scores. */
    public AttentionMask withBias(Tensor scores) {
        return new AttentionMask(causal, prefix, lengths, scores);
    }
}
