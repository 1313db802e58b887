package glance.ops;

import glance.op.AttentionMask;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Attention, and what prepares its queries and keys. */
public sealed interface AttentionOps extends CopyOps permits Ops {
    /**
     * {@code softmax(scale q k^T + mask) v} for each head; query head h reads key head {@code h *
     * numKvHeads / numHeads}. PyTorch {@code scaled_dot_product_attention} (with enable_gqa). A
     * query that sees no key yields zeros.
     *
     * @param q [batch, seqLen, numHeads, headDim]
     * @param k [batch, keyLen, numKvHeads, headDim]
     * @param v [batch, keyLen, numKvHeads, headDim]
     * @param scale usually {@code 1 / sqrt(headDim)}
     * @return [batch, seqLen, numHeads, headDim]
     */
    default Tensor attention(Tensor q, Tensor k, Tensor v, float scale, AttentionMask mask) {
        String op = "attention";
        Check.given(op, "mask", mask);
        Check.rank(op, "q", q, 4, "[batch, seqLen, numHeads, headDim]");
        Check.rank(op, "k", k, 4, "[batch, keyLen, numKvHeads, headDim]");
        Shape keys = Shape.of(q.dim(0), k.dim(1), k.dim(2), q.dim(3));
        Check.shape(op, "k", k, keys, "to match q " + q.shape());
        Check.shape(op, "v", v, keys, "to match k");
        Check.that(
                k.dim(2) > 0 && q.dim(2) % k.dim(2) == 0,
                op,
                "numHeads " + q.dim(2) + " must be a multiple of numKvHeads " + k.dim(2));
        Check.rows(op, "q", q);
        Check.rows(op, "k", k);
        Check.rows(op, "v", v);
        Check.that(
                !mask.causal() || q.dim(1) == k.dim(1),
                op,
                "a causal mask needs as many keys as queries, got "
                        + k.dim(1)
                        + " and "
                        + q.dim(1));
        if (mask.lengths() != null) {
            Check.parameter(
                    op, "mask.lengths", mask.lengths(), Shape.of(q.dim(0)), "one per sample");
            Check.dtype(op, "mask.lengths", mask.lengths(), DType.I32);
            Check.that(
                    mask.prefix() <= k.dim(1),
                    op,
                    "mask.prefix " + mask.prefix() + " must not exceed keyLen " + k.dim(1));
        } else {
            Check.that(mask.prefix() == 0, op, "mask.prefix needs mask.lengths");
        }
        if (mask.bias() != null) {
            Shape scores = Shape.of(q.dim(2), q.dim(1), k.dim(1));
            Check.shape(op, "mask.bias", mask.bias(), scores, "[numHeads, seqLen, keyLen]");
        }
        AttentionMask packed = mask.bias() == null ? mask : mask.withBias(contiguous(mask.bias()));
        Tensor out = empty(computeType(), q.shape());
        Shape rows = Shape.of(q.dim(0), q.dim(2), q.dim(1));
        Tensor lse = !isRecorded() ? null : empty(DType.F32, rows);
        run(new Op.Attention(q, k, v, scale, packed, lse, out));
        return out;
    }

    /**
     * Prepares queries or keys for attention: RMSNorm over each head, {@code x / sqrt(mean(x^2) +
     * eps) * weight}, then rotary positions, of one or more streams, joined along the sequence in
     * the order given. Positions count through the joined sequence.
     *
     * @param streams each [batch, seqLen_i, numHeads, headDim]
     * @param weights for each stream [headDim], or null for no norm
     * @param rope tables for {@code sum seqLen_i} positions, shared or of each sample, or null for
     *     no rotation
     * @return [batch, sum seqLen_i, numHeads, headDim]
     */
    default Tensor headNormRope(List<Tensor> streams, List<Tensor> weights, float eps, Rope rope) {
        String op = "headNormRope";
        Check.given(op, "streams", streams, "weights", weights);
        Check.that(!streams.isEmpty(), op, "needs at least one stream");
        Check.that(streams.size() == weights.size(), op, "needs one weight (or null) per stream");
        Tensor first = streams.get(0);
        Check.rank(op, "streams[0]", first, 4, "[batch, seqLen, numHeads, headDim]");
        int seqLen = 0;
        for (int i = 0; i < streams.size(); i++) {
            Tensor stream = streams.get(i);
            Check.rank(op, "streams[" + i + "]", stream, 4, "[batch, seqLen, numHeads, headDim]");
            Shape want = first.shape().with(1, stream.dim(1));
            Check.shape(op, "streams[" + i + "]", stream, want, "to match streams[0]");
            Check.rows(op, "streams[" + i + "]", stream);
            if (weights.get(i) != null) {
                Check.parameter(
                        op,
                        "weights[" + i + "]",
                        weights.get(i),
                        Shape.of(first.dim(3)),
                        "[headDim]");
            }
            seqLen += stream.dim(1);
        }
        if (rope != null) {
            Check.that(
                    first.dim(3) % 2 == 0,
                    op,
                    "headDim must be even for rotary positions, got " + first.dim(3));
            int half = first.dim(3) / 2;
            boolean own = rope.isPerSample();
            Shape table = own ? Shape.of(first.dim(0), seqLen, half) : Shape.of(seqLen, half);
            String dims = (own ? "[batch, " : "[") + "sum seqLen, headDim / 2]";
            Check.parameter(op, "rope.cos", rope.cos(), table, dims);
            Check.parameter(op, "rope.sin", rope.sin(), table, dims);
        }
        Tensor out = empty(computeType(), first.shape().with(1, seqLen));
        run(new Op.HeadNormRope(List.copyOf(streams), nullable(weights), eps, rope, out));
        return out;
    }

    private static <T> List<T> nullable(List<T> list) {
        return Collections.unmodifiableList(new ArrayList<>(list));
    }
}
