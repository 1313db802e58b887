package glance.autograd;

import glance.op.AttentionMask;
import glance.op.Op;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@code Op.Attention}, with every mask. */
final class AttentionGradients {
    private AttentionGradients() {}

    static Stream<GradientCase> all() {
        return Stream.of(
                attention(1, 1, 1, 1, 1, 1, "plain"),
                attention(1, 13, 31, 2, 1, 5, "plain"),
                attention(2, 57, 129, 2, 2, 16, "plain"),
                attention(1, 61, 61, 6, 2, 17, "causal"),
                attention(2, 29, 37, 4, 2, 8, "lengths"),
                attention(1, 15, 33, 2, 2, 33, "bias"),
                attention(2, 131, 131, 2, 1, 6, "causal lengths bias"),
                attention(1, 5, 7, 1, 1, 4, "all hidden"));
    }

    private static GradientCase attention(
            int batch, int seqLen, int keyLen, int heads, int kvHeads, int headDim, String mask) {
        boolean causal = mask.contains("causal");
        boolean biased = mask.contains("bias");
        boolean hidden = mask.equals("all hidden");
        int prefix = hidden ? keyLen : mask.contains("lengths") ? keyLen / 2 : 0;
        int[] lengths = hidden ? new int[batch] : new int[] {prefix, prefix / 3};
        float scale = (float) (1 / Math.sqrt(headDim));
        return new GradientCase(
                "attention %s [%d, %d, %d, %d], %d keys of %d heads"
                        .formatted(mask, batch, seqLen, heads, headDim, keyLen, kvHeads),
                Op.Attention.class,
                List.of(
                        new int[] {batch, seqLen, heads, headDim},
                        new int[] {batch, keyLen, kvHeads, headDim},
                        new int[] {batch, keyLen, kvHeads, headDim}),
                seqLen * heads / kvHeads + keyLen + headDim,
                (a, x) ->
                        a.ops()
                                .attention(
                                        x.get(0),
                                        x.get(1),
                                        x.get(2),
                                        scale,
                                        new AttentionMask(
                                                causal,
                                                prefix,
                                                prefix == 0
                                                        ? null
                                                        : a.ints(Arrays.copyOf(lengths, batch)),
                                                biased ? a.floats(heads, seqLen, keyLen) : null)));
    }
}
