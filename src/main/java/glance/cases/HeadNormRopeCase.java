package glance.cases;

import glance.op.Op;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link Ops#headNormRope} of streams of the given lengths, and its gradients.
 *
 * @param normed which streams are normalised
 * @param pairing null without rotation
 * @param cut whether streams are parts of wider and longer tensors
 * @param perSample whether each sample has positions of its own
 */
public record HeadNormRopeCase(
        int batch,
        List<Integer> seqLens,
        int numHeads,
        int headDim,
        List<Boolean> normed,
        Rope.Pairing pairing,
        boolean cut,
        boolean perSample) {
    private static final float EPS = 1e-6f;

    /** All samples have the same positions. */
    public HeadNormRopeCase(
            int batch,
            List<Integer> seqLens,
            int numHeads,
            int headDim,
            List<Boolean> normed,
            Rope.Pairing pairing,
            boolean cut) {
        this(batch, seqLens, numHeads, headDim, normed, pairing, cut, false);
    }

    /** The same, each sample with positions of its own. */
    public HeadNormRopeCase withOwnPositions() {
        return new HeadNormRopeCase(batch, seqLens, numHeads, headDim, normed, pairing, cut, true);
    }

    /** The joined streams. */
    public Tensor forward(Arguments a) {
        Op.HeadNormRope op = operation(a);
        return a.ops().headNormRope(op.streams(), op.weights(), EPS, op.rope());
    }

    /** The gradient of each stream. */
    public List<Tensor> gradients(Arguments a) {
        Op.HeadNormRope op = operation(a);
        Tensor dy = a.activation(batch, total(), numHeads, headDim);
        return a.ops().training().headNormRope(op, dy);
    }

    private int total() {
        return seqLens.stream().mapToInt(Integer::intValue).sum();
    }

    private Op.HeadNormRope operation(Arguments a) {
        List<Tensor> streams = new ArrayList<>();
        List<Tensor> weights = new ArrayList<>();
        for (int s = 0; s < seqLens.size(); s++) {
            int seqLen = seqLens.get(s);
            streams.add(
                    cut
                            ? a.activation(batch, seqLen + 2, numHeads, 3 * headDim)
                                    .narrow(3, headDim, headDim)
                                    .narrow(1, 1, seqLen)
                            : a.activation(batch, seqLen, numHeads, headDim));
            weights.add(normed.get(s) ? a.floats(headDim) : null);
        }
        // any numbers: the work is the same for all angles
        int half = headDim / 2;
        int[] table = perSample ? new int[] {batch, total(), half} : new int[] {total(), half};
        Rope rope = pairing == null ? null : new Rope(a.floats(table), a.floats(table), pairing);
        return new Op.HeadNormRope(streams, weights, EPS, rope, null);
    }

    @Override
    public String toString() {
        return String.format(
                "[%d, %s, %d, %d] norm %s %s%s%s",
                batch,
                seqLens,
                numHeads,
                headDim,
                normed,
                pairing,
                cut ? " slices" : "",
                perSample ? " positions of each sample" : "");
    }
}
