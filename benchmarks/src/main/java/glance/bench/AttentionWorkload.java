package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.op.AttentionMask;
import glance.ops.Ops;
import glance.cases.Cost;
import glance.tensor.Tensor;

/** Attention of a joint sequence without mask; PyTorch's scaled_dot_product_attention. */
final class AttentionWorkload extends Workload {
    private final int headDim;
    private final Tensor q; // (1, seqLen, numHeads, headDim)
    private final Tensor k;
    private final Tensor v;
    private final IValue[] arguments;

    AttentionWorkload(int seqLen, int numHeads, int headDim) {
        super(
                "attention %d tokens, %d heads of %d".formatted(seqLen, numHeads, headDim),
                new Cost(
                        4.0 * seqLen * seqLen * numHeads * headDim,
                        4.0 * 4 * seqLen * numHeads * headDim));
        this.headDim = headDim;
        int n = seqLen * numHeads * headDim;
        float[] queries = values.unit(n);
        float[] keys = values.unit(n);
        float[] rows = values.unit(n);
        q = glance.floats(queries, 1, seqLen, numHeads, headDim);
        k = glance.floats(keys, 1, seqLen, numHeads, headDim);
        v = glance.floats(rows, 1, seqLen, numHeads, headDim);
        arguments =
                new IValue[] {
                    torch.argument(queries, 1, seqLen, numHeads, headDim),
                    torch.argument(keys, 1, seqLen, numHeads, headDim),
                    torch.argument(rows, 1, seqLen, numHeads, headDim)
                };
    }

    @Override
    protected Tensor compute(Ops ops) {
        return ops.attention(q, k, v, (float) (1 / Math.sqrt(headDim)), AttentionMask.none());
    }

    @Override
    protected IValue computePeer() {
        return torch.call("attention", arguments);
    }
}
