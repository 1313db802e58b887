package glance.autograd;

import glance.formula.Arithmetic;
import glance.formula.AttentionFormula;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.parity.HostArray;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@code Op.Attention}, with every mask. */
final class AttentionGradients {
    private static final Arithmetic EXACT = Arithmetic.exact();
    private final List<GradientCase> cases = new ArrayList<>();

    static List<GradientCase> all() {
        AttentionGradients table = new AttentionGradients();
        table.attentions();
        return table.cases;
    }

    private void attentions() {
        attention(1, 1, 1, 1, 1, 1, "plain");
        attention(1, 13, 31, 2, 1, 5, "plain");
        attention(2, 57, 129, 2, 2, 16, "plain");
        attention(1, 61, 61, 6, 2, 17, "causal");
        attention(2, 29, 37, 4, 2, 8, "lengths");
        attention(1, 15, 33, 2, 2, 33, "bias");
        attention(2, 131, 131, 2, 1, 6, "causal lengths bias");
        attention(1, 5, 7, 1, 1, 4, "all hidden");
    }

    private void attention(
            int batch, int seqLen, int keyLen, int heads, int kvHeads, int headDim, String mask) {
        boolean causal = mask.contains("causal");
        boolean biased = mask.contains("bias");
        boolean hidden = mask.equals("all hidden");
        int prefix = hidden ? keyLen : mask.contains("lengths") ? keyLen / 2 : 0;
        int[] lengths = hidden ? new int[batch] : new int[] {prefix, prefix / 3};
        double scale = (float) (1 / Math.sqrt(headDim));
        HostArray known = prefix == 0 ? null : HostArray.zeros(batch);
        for (int b = 0; known != null && b < batch; b++) {
            known.values()[b] = lengths[b];
        }
        cases.add(
                new GradientCase(
                        "attention %s [%d, %d, %d, %d], %d keys of %d heads"
                                .formatted(mask, batch, seqLen, heads, headDim, keyLen, kvHeads),
                        Op.Attention.class,
                        List.of(
                                new int[] {batch, seqLen, heads, headDim},
                                new int[] {batch, keyLen, kvHeads, headDim},
                                new int[] {batch, keyLen, kvHeads, headDim}),
                        seqLen * heads / kvHeads + keyLen + headDim,
                        (ops, x, c) -> {
                            AttentionMask m =
                                    prefix == 0
                                            ? AttentionMask.none()
                                            : AttentionMask.paddedPrefix(
                                                    prefix, lengths(ops, lengths, batch));
                            m = causal ? m.andCausal() : m;
                            m = biased ? m.withBias(c.on(ops, "bias", heads, seqLen, keyLen)) : m;
                            return ops.attention(x.get(0), x.get(1), x.get(2), (float) scale, m);
                        },
                        (x, c) ->
                                HostArray.of(
                                        new AttentionFormula(
                                                        seqLen,
                                                        heads,
                                                        keyLen,
                                                        kvHeads,
                                                        headDim,
                                                        x.get(0),
                                                        x.get(1),
                                                        x.get(2),
                                                        scale,
                                                        causal,
                                                        prefix,
                                                        known,
                                                        biased
                                                                ? c.host(
                                                                        "bias", heads, seqLen,
                                                                        keyLen)
                                                                : null)
                                                .in(EXACT),
                                        batch,
                                        seqLen,
                                        heads,
                                        headDim)));
    }

    private static Tensor lengths(Ops ops, int[] lengths, int batch) {
        int[] used = Arrays.copyOf(lengths, batch);
        return ops.host().ints(Shape.of(batch), used);
    }
}
