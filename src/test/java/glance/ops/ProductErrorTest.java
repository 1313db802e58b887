package glance.ops;

import static glance.ops.Refused.refused;
import static glance.ops.Refused.strided;
import static glance.ops.Refused.t;

import glance.op.Addition;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.LowRanks;
import glance.op.Rope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What products and attention say to wrong arguments: operation, argument, expected, got. */
class ProductErrorTest {
    private static final float EPS = 1e-6f;

    @TestFactory
    Stream<DynamicTest> linear_refuses() {
        return Stream.of(
                refused(
                        "linear: weight must be [out, in], got [4]",
                        ops -> ops.linear(t(ops, 2, 5), t(ops, 4), null)),
                refused(
                        "linear: weight must be contiguous, got a strided view",
                        ops -> ops.linear(t(ops, 2, 5), strided(ops, 4, 5), null)),
                refused(
                        "linear: x must be [..., 5] to match weight [4, 5], got [2, 3, 6]",
                        ops -> ops.linear(t(ops, 2, 3, 6), t(ops, 4, 5), null)),
                refused(
                        "linear: x must be [..., 1] to match weight [4, 1], got []",
                        ops -> ops.linear(t(ops), t(ops, 4, 1), null)),
                refused(
                        "linear: x must be packed in its last dimension; copy it first",
                        ops -> ops.linear(strided(ops, 2, 5), t(ops, 4, 5), null)),
                refused(
                        "linear: bias must be [4] to match weight [4, 5], got [5]",
                        ops -> ops.linear(t(ops, 2, 5), t(ops, 4, 5), t(ops, 5))),
                refused(
                        "linear: bias must be contiguous, got a strided view",
                        ops -> ops.linear(t(ops, 2, 5), t(ops, 4, 5), strided(ops, 4))),
                refused(
                        "linear: lora.a must be [rank, in], got [5]",
                        ops -> adapted(ops, new LowRank(t(ops, 5), t(ops, 4, 2), 1))),
                refused(
                        "linear: lora.a must be [2, 5] to match weight [4, 5], got [2, 4]",
                        ops -> adapted(ops, new LowRank(t(ops, 2, 4), t(ops, 4, 2), 1))),
                refused(
                        "linear: lora.b must be [4, 2] to match weight [4, 5], got [4, 3]",
                        ops -> adapted(ops, new LowRank(t(ops, 2, 5), t(ops, 4, 3), 1))),
                refused(
                        "linear: lora.scales must be [2] to match lora.a [2, 5], got [3]",
                        ops -> adapted(ops, new LowRank(t(ops, 2, 5), t(ops, 4, 2), 1, t(ops, 3)))),
                refused(
                        "linear: lora.scales must be F32, got I32",
                        ops ->
                                adapted(
                                        ops,
                                        new LowRank(
                                                t(ops, 2, 5),
                                                t(ops, 4, 2),
                                                1,
                                                ops.host().ints(Shape.of(2), 1, 2)))),
                refused(
                        "linear: x must be [batch, seqLen, in] with a batch that 2 adapters divide"
                                + " evenly, got [3, 2, 5]",
                        ops -> adapted(ops, t(ops, 3, 2, 5), shares(ops, 2))),
                refused(
                        "linear: x must be [batch, seqLen, in] with a batch that 2 adapters divide"
                                + " evenly, got [2, 5]",
                        ops -> adapted(ops, t(ops, 2, 5), shares(ops, 2))),
                refused(
                        "linear: lora.b must be [4, 2] to match weight [4, 5], got [4, 3]",
                        ops -> adapted(ops, t(ops, 2, 2, 5), shares(ops, 3))),
                refused(
                        "linear: residual must be [1, 2, 4] to match the result, got [2, 4]",
                        ops -> adapted(ops, Epilogue.add(t(ops, 2, 4)))),
                refused(
                        "linear: gate must be [1 or 1, 4] to match x, got [3, 4]",
                        ops -> adapted(ops, Epilogue.gated(t(ops, 3, 4), t(ops, 1, 2, 4)))),
                refused(
                        "linear: x must be [batch, seqLen, in] when a gate is given, got [2, 5]",
                        ops ->
                                ops.linear(
                                        t(ops, 2, 5),
                                        t(ops, 4, 5),
                                        null,
                                        null,
                                        Epilogue.gated(t(ops, 1, 4), null))));
    }

    private static void adapted(Ops ops, LowRank lora) {
        adapted(ops, t(ops, 2, 5), lora);
    }

    private static void adapted(Ops ops, Tensor x, Addition lora) {
        ops.linear(x, t(ops, 4, 5), null, lora, Epilogue.none());
    }

    /** None for the first of two samples, and one of this rank, as its b has it, for the other. */
    private static Addition shares(Ops ops, int rankOfB) {
        return LowRanks.of(Arrays.asList(null, new LowRank(t(ops, 2, 5), t(ops, 4, rankOfB), 1)));
    }

    private static void adapted(Ops ops, Epilogue epilogue) {
        ops.linear(t(ops, 1, 2, 5), t(ops, 4, 5), null, null, epilogue);
    }

    @TestFactory
    Stream<DynamicTest> attention_refuses() {
        AttentionMask none = AttentionMask.none();
        return Stream.of(
                refused(
                        "attention: q must be [batch, seqLen, numHeads, headDim], got [2, 3, 8]",
                        ops -> attend(ops, t(ops, 2, 3, 8), t(ops, 2, 5, 4, 8), none)),
                refused(
                        "attention: k must be [2, 5, 4, 8] to match q [2, 3, 4, 8], got [1, 5, 4, 8]",
                        ops -> attend(ops, t(ops, 2, 3, 4, 8), t(ops, 1, 5, 4, 8), none)),
                refused(
                        "attention: v must be [2, 5, 4, 8] to match k, got [2, 6, 4, 8]",
                        ops ->
                                ops.attention(
                                        t(ops, 2, 3, 4, 8),
                                        t(ops, 2, 5, 4, 8),
                                        t(ops, 2, 6, 4, 8),
                                        1,
                                        none)),
                refused(
                        "attention: numHeads 4 must be a multiple of numKvHeads 3",
                        ops -> attend(ops, t(ops, 2, 3, 4, 8), t(ops, 2, 5, 3, 8), none)),
                refused(
                        "attention: k must be packed in its last dimension; copy it first",
                        ops -> attend(ops, t(ops, 2, 3, 4, 8), strided(ops, 2, 5, 4, 8), none)),
                refused(
                        "attention: a causal mask needs as many keys as queries, got 5 and 3",
                        ops ->
                                attend(
                                        ops,
                                        t(ops, 2, 3, 4, 8),
                                        t(ops, 2, 5, 4, 8),
                                        none.andCausal())),
                refused(
                        "attention: mask.lengths must be [2] one per sample, got [3]",
                        ops -> padded(ops, 2, ops.host().ints(Shape.of(3), 1, 1, 1))),
                refused(
                        "attention: mask.lengths must be I32, got F32",
                        ops -> padded(ops, 2, t(ops, 2))),
                refused(
                        "attention: mask.prefix 6 must not exceed keyLen 5",
                        ops -> padded(ops, 6, ops.host().ints(Shape.of(2), 1, 1))),
                refused("attention: mask.prefix needs mask.lengths", ops -> padded(ops, 2, null)),
                refused(
                        "attention: mask.bias must be [4, 3, 5] [numHeads, seqLen, keyLen],"
                                + " got [3, 5]",
                        ops ->
                                attend(
                                        ops,
                                        t(ops, 2, 3, 4, 8),
                                        t(ops, 2, 5, 4, 8),
                                        none.withBias(t(ops, 3, 5)))));
    }

    private static void attend(Ops ops, Tensor q, Tensor k, AttentionMask mask) {
        ops.attention(q, k, k, 1, mask);
    }

    private static void padded(Ops ops, int prefix, Tensor lengths) {
        AttentionMask mask = AttentionMask.paddedPrefix(prefix, lengths);
        attend(ops, t(ops, 2, 3, 4, 8), t(ops, 2, 5, 4, 8), mask);
    }

    @TestFactory
    Stream<DynamicTest> headNormRope_refuses() {
        return Stream.of(
                refused(
                        "headNormRope: needs at least one stream",
                        ops -> ops.headNormRope(List.of(), List.of(), EPS, null)),
                refused(
                        "headNormRope: needs one weight (or null) per stream",
                        ops -> ops.headNormRope(List.of(t(ops, 1, 2, 3, 8)), List.of(), EPS, null)),
                refused(
                        "headNormRope: streams[0] must be [batch, seqLen, numHeads, headDim],"
                                + " got [2, 3, 8]",
                        ops -> join(ops, null, t(ops, 8), t(ops, 2, 3, 8))),
                refused(
                        "headNormRope: streams[1] must be [1, 5, 3, 8] to match streams[0],"
                                + " got [1, 5, 4, 8]",
                        ops -> join(ops, null, t(ops, 8), t(ops, 1, 2, 3, 8), t(ops, 1, 5, 4, 8))),
                refused(
                        "headNormRope: streams[0] must be packed in its last dimension; copy it"
                                + " first",
                        ops -> join(ops, null, t(ops, 8), strided(ops, 1, 2, 3, 8))),
                refused(
                        "headNormRope: weights[0] must be [8] [headDim], got [24]",
                        ops -> join(ops, null, t(ops, 24), t(ops, 1, 2, 3, 8))),
                refused(
                        "headNormRope: headDim must be even for rotary positions, got 7",
                        ops -> join(ops, rope(ops, 2, 3), t(ops, 7), t(ops, 1, 2, 3, 7))),
                refused(
                        "headNormRope: rope.cos must be [2, 4] [sum seqLen, headDim / 2],"
                                + " got [3, 4]",
                        ops -> join(ops, rope(ops, 3, 4), t(ops, 8), t(ops, 1, 2, 3, 8))),
                refused(
                        "headNormRope: rope.sin must be [2, 4] [sum seqLen, headDim / 2],"
                                + " got [2, 8]",
                        ops ->
                                join(
                                        ops,
                                        new Rope(
                                                t(ops, 2, 4),
                                                t(ops, 2, 8),
                                                Rope.Pairing.INTERLEAVED),
                                        t(ops, 8),
                                        t(ops, 1, 2, 3, 8))));
    }

    private static Rope rope(Ops ops, int positions, int half) {
        return new Rope(t(ops, positions, half), t(ops, positions, half), Rope.Pairing.HALVES);
    }

    private static void join(Ops ops, Rope rope, Tensor weight, Tensor... streams) {
        List<Tensor> weights = Stream.generate(() -> weight).limit(streams.length).toList();
        ops.headNormRope(List.of(streams), weights, EPS, rope);
    }
}
