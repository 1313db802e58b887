package glance.cases;

import glance.op.AttentionMask;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Ops#attention} and its gradients.
 *
 * @param prefix number of leading keys of which only {@code lengths[b]} of sample b are real
 */
public record AttentionCase(
        int batch,
        int seqLen,
        int keyLen,
        int numHeads,
        int numKvHeads,
        int headDim,
        int prefix,
        List<Integer> lengths,
        Part... parts) {
    private static final float HUGE = 50;

    /** What is unusual about it. */
    public enum Part {
        CAUSAL,
        BIAS,
        /** q, k and v are thirds of one tensor's last dimension. */
        JOINT_HEADS,
        /** q, k and v are parts of longer sequences. */
        STRIDED,
        /** Scores in the hundreds: only a softmax that subtracts the maximum survives. */
        HUGE_SCORES,
        /** The result to look at is lse. */
        LOG_SUM_EXP
    }

    public AttentionCase(
            int batch,
            int seqLen,
            int keyLen,
            int numHeads,
            int numKvHeads,
            int headDim,
            Part... parts) {
        this(batch, seqLen, keyLen, numHeads, numKvHeads, headDim, 0, List.of(), parts);
    }

    /** As many keys as queries. */
    public static AttentionCase self(
            int batch, int seqLen, int numHeads, int headDim, Part... parts) {
        return new AttentionCase(batch, seqLen, seqLen, numHeads, numHeads, headDim, parts);
    }

    /** The same with padding among the first {@code keys}. */
    public AttentionCase padded(int keys, Integer... real) {
        return new AttentionCase(
                batch, seqLen, keyLen, numHeads, numKvHeads, headDim, keys, List.of(real), parts);
    }

    /** The result, or lse. */
    public Tensor forward(Arguments a) {
        Op.Attention op = operation(a);
        return has(Part.LOG_SUM_EXP)
                ? saved(a, op).lse()
                : a.ops().attention(op.q(), op.k(), op.v(), op.scale(), op.mask());
    }

    /** Those towards q, k and v, in that order. */
    public List<Tensor> gradients(Arguments a) {
        Op.Attention op = operation(a);
        Tensor dy = a.activation(batch, seqLen, numHeads, headDim);
        return a.ops().training().attention(a.before(() -> saved(a, op)), dy);
    }

    private Op.Attention operation(Arguments a) {
        Tensor q = heads(a, seqLen, numHeads, 0);
        Tensor k = heads(a, keyLen, numKvHeads, 1);
        Tensor v = heads(a, keyLen, numKvHeads, 2);
        boolean huge = has(Part.HUGE_SCORES);
        float scale = huge ? HUGE : (float) (1 / Math.sqrt(headDim));
        return new Op.Attention(q, k, v, scale, mask(a), null, null);
    }

    private boolean has(Part part) {
        return Arrays.asList(parts).contains(part);
    }

    private AttentionMask mask(Arguments a) {
        return new AttentionMask(
                has(Part.CAUSAL),
                prefix,
                prefix == 0 ? null : a.ints(lengths.stream().mapToInt(n -> n).toArray()),
                has(Part.BIAS) ? a.floats(seqLen, keyLen, numHeads).permute(2, 0, 1) : null);
    }

    private Tensor heads(Arguments a, int tokens, int heads, int third) {
        int longer = has(Part.STRIDED) ? tokens + 3 : tokens;
        boolean joint = has(Part.JOINT_HEADS);
        return a.activation(batch, longer, heads, joint ? 3 * headDim : headDim)
                .narrow(1, longer - tokens, tokens)
                .narrow(3, joint ? third * headDim : 0, headDim);
    }

    /** Run as training does it, which keeps lse. */
    private Op.Attention saved(Arguments a, Op.Attention op) {
        Ops ops = a.ops();
        AttentionMask mask = op.mask();
        Op.Attention saved =
                new Op.Attention(
                        op.q(),
                        op.k(),
                        op.v(),
                        op.scale(),
                        mask.bias() == null ? mask : mask.withBias(ops.contiguous(mask.bias())),
                        ops.empty(DType.F32, Shape.of(batch, numHeads, seqLen)),
                        ops.empty(ops.computeType(), op.q().shape()));
        ops.run(saved);
        return saved;
    }

    @Override
    public String toString() {
        String name =
                String.format(
                        "q [%d, %d, %d, %d] k [%d, %d] %s",
                        batch,
                        seqLen,
                        numHeads,
                        headDim,
                        keyLen,
                        numKvHeads,
                        Arrays.toString(parts));
        return prefix == 0 ? name : name + " prefix " + prefix + " lengths " + lengths;
    }
}
