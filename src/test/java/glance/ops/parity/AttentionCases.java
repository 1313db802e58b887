package glance.ops.parity;

import static glance.ops.parity.AttentionCases.Part.BIAS;
import static glance.ops.parity.AttentionCases.Part.CAUSAL;
import static glance.ops.parity.AttentionCases.Part.HUGE_SCORES;
import static glance.ops.parity.AttentionCases.Part.JOINT_HEADS;
import static glance.ops.parity.AttentionCases.Part.LOG_SUM_EXP;
import static glance.ops.parity.AttentionCases.Part.STRIDED;

import glance.formula.AttentionFormula;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** {@link Ops#attention}. */
final class AttentionCases {
    enum Part {
        CAUSAL,
        BIAS,
        /** q, k and v are thirds of one tensor's last dimension. */
        JOINT_HEADS,
        /** q, k and v are parts of longer sequences. */
        STRIDED,
        /** Scores in the hundreds: only a softmax that subtracts the maximum survives. */
        HUGE_SCORES,
        /** The result under test is lse. */
        LOG_SUM_EXP
    }

    /** Of the first {@code prefix} keys of sample b {@code lengths[b]} are real. */
    private record Spec(
            int batch,
            int seqLen,
            int keyLen,
            int numHeads,
            int numKvHeads,
            int headDim,
            int prefix,
            List<Integer> lengths,
            Set<Part> parts) {
        Spec padded(int keys, Integer... real) {
            return new Spec(
                    batch,
                    seqLen,
                    keyLen,
                    numHeads,
                    numKvHeads,
                    headDim,
                    keys,
                    List.of(real),
                    parts);
        }

        OpCase toCase() {
            String name =
                    String.format(
                            "attention q [%d, %d, %d, %d] k [%d, %d] %s",
                            batch, seqLen, numHeads, headDim, keyLen, numKvHeads, parts);
            if (prefix > 0) {
                name += " prefix " + prefix + " lengths " + lengths;
            }
            return new OpCase(name, inputs -> trial(inputs, this));
        }
    }

    private AttentionCases() {}

    private static Spec self(int batch, int seqLen, int numHeads, int headDim, Part... parts) {
        return spec(batch, seqLen, seqLen, numHeads, numHeads, headDim, parts);
    }

    private static Spec spec(
            int batch,
            int seqLen,
            int keyLen,
            int numHeads,
            int numKvHeads,
            int headDim,
            Part... parts) {
        Set<Part> set = EnumSet.noneOf(Part.class);
        set.addAll(Arrays.asList(parts));
        return new Spec(batch, seqLen, keyLen, numHeads, numKvHeads, headDim, 0, List.of(), set);
    }

    static Stream<OpCase> cases() {
        List<Spec> specs = new ArrayList<>();
        for (int t : Sizes.TILES) {
            specs.add(spec(1, t - 1, t + 1, 1, 1, 16));
            specs.add(spec(1, t + 1, t - 1, 1, 1, 16));
            specs.add(spec(1, t, t, 1, 1, 16, CAUSAL));
            specs.add(spec(1, 9, 9, 1, 1, t, CAUSAL));
        }
        specs.add(spec(1, 113, 203, 2, 2, 24));
        specs.add(spec(1, 203, 113, 2, 1, 32));
        for (int headDim : new int[] {1, 7, 17, 40, 80, 128, 160}) {
            specs.add(self(2, 19, 2, headDim));
        }
        specs.add(self(1, 1, 1, 8));
        specs.add(spec(2, 5, 1, 2, 2, 8));
        for (int numKvHeads : new int[] {1, 2, 3, 6}) {
            specs.add(spec(2, 17, 17, 6, numKvHeads, 8, CAUSAL, STRIDED));
            specs.add(spec(2, 17, 33, 6, numKvHeads, 8).padded(9, 2, 9));
        }
        specs.add(self(2, 33, 2, 16).padded(7, 7, 3));
        specs.add(self(2, 33, 2, 16).padded(33, 33, 1));
        specs.add(self(2, 33, 2, 16).padded(33, 20, 0));
        specs.add(self(2, 33, 2, 16, CAUSAL).padded(33, 20, 5));
        specs.add(self(2, 33, 2, 16, CAUSAL).padded(9, 0, 4));
        specs.add(self(2, 65, 2, 16).padded(64, 64, 0));
        specs.add(self(2, 19, 3, 8, BIAS));
        specs.add(self(2, 19, 3, 8, BIAS, CAUSAL).padded(5, 5, 2));
        specs.add(self(1, 35, 1, 48, JOINT_HEADS));
        specs.add(self(2, 35, 3, 16, JOINT_HEADS).padded(12, 12, 4));
        specs.add(self(2, 35, 2, 24, STRIDED));
        specs.add(self(1, 67, 2, 16, HUGE_SCORES));
        specs.add(self(2, 35, 2, 16, LOG_SUM_EXP).padded(12, 12, 4));
        specs.add(self(2, 35, 2, 16, LOG_SUM_EXP).padded(35, 12, 0));
        wideTiles(specs);
        return specs.stream().map(Spec::toCase);
    }

    /**
     * The edges of tiles of 128 queries and of 32 or 64 keys. Four heads fill the emulated GPU,
     * which then takes the largest tiles.
     */
    private static void wideTiles(List<Spec> specs) {
        specs.add(spec(1, 127, 33, 4, 2, 128));
        specs.add(spec(1, 129, 31, 4, 4, 72, STRIDED));
        specs.add(spec(1, 128, 65, 4, 1, 64, BIAS));
        specs.add(self(1, 131, 4, 64, CAUSAL));
        specs.add(self(1, 97, 4, 128, CAUSAL, LOG_SUM_EXP));
        specs.add(spec(2, 5, 135, 2, 2, 128).padded(97, 97, 1));
        specs.add(spec(2, 3, 193, 2, 2, 64, LOG_SUM_EXP).padded(128, 128, 0));
        specs.add(self(2, 1, 2, 128));
        specs.add(self(1, 65, 1, 128, BIAS, CAUSAL));
        specs.add(self(1, 67, 1, 128, HUGE_SCORES, JOINT_HEADS));
        specs.add(self(1, 65, 1, 384, JOINT_HEADS));
        specs.add(spec(2, 33, 67, 2, 1, 136, BIAS).padded(40, 40, 3));
        specs.add(self(2, 19, 2, 136, CAUSAL, LOG_SUM_EXP).padded(19, 19, 0));
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(self(2, 200, 4, 32).padded(40, 40, 11), self(1, 200, 3, 64, CAUSAL))
                .map(Spec::toCase);
    }

    private static Trial trial(Inputs inputs, Spec spec) {
        Operand q = heads(inputs, spec, spec.seqLen, spec.numHeads, 0);
        Operand k = heads(inputs, spec, spec.keyLen, spec.numKvHeads, 1);
        Operand v = heads(inputs, spec, spec.keyLen, spec.numKvHeads, 2);
        boolean causal = spec.parts.contains(CAUSAL);
        Operand lengths =
                spec.prefix == 0
                        ? null
                        : inputs.ints(
                                new HostArray(
                                        new int[] {spec.batch},
                                        spec.lengths.stream().mapToDouble(n -> n).toArray()));
        Operand bias =
                spec.parts.contains(BIAS)
                        ? inputs.floats(spec.seqLen, spec.keyLen, spec.numHeads).permute(2, 0, 1)
                        : null;
        float scale = spec.parts.contains(HUGE_SCORES) ? 50 : (float) (1 / Math.sqrt(spec.headDim));
        AttentionMask mask =
                new AttentionMask(
                        causal, spec.prefix, Operand.tensorOf(lengths), Operand.tensorOf(bias));
        Shape lseShape = Shape.of(spec.batch, spec.numHeads, spec.seqLen);
        AttentionFormula formula =
                AttentionFormula.of(
                        new Op.Attention(
                                q.tensor(), k.tensor(), v.tensor(), scale, mask, null, null),
                        Operand.values(q, k, v, lengths, bias));
        Ops ops = inputs.ops();
        if (!spec.parts.contains(LOG_SUM_EXP)) {
            return Trial.of(
                    () -> ops.attention(q.tensor(), k.tensor(), v.tensor(), scale, mask),
                    formula,
                    q.tensor().shape().dims());
        }
        return Trial.of(
                () -> {
                    Tensor lse = ops.empty(DType.F32, lseShape);
                    Tensor out = ops.empty(ops.computeType(), q.tensor().shape());
                    ops.device()
                            .kernels()
                            .run(
                                    new Op.Attention(
                                            q.tensor(),
                                            k.tensor(),
                                            v.tensor(),
                                            scale,
                                            mask,
                                            lse,
                                            out));
                    return lse;
                },
                formula.logSumExp(),
                lseShape.dims());
    }

    private static Operand heads(Inputs inputs, Spec spec, int tokens, int numHeads, int third) {
        if (spec.parts.contains(JOINT_HEADS)) {
            return inputs.activation(spec.batch, tokens, numHeads, 3 * spec.headDim)
                    .narrow(3, third * spec.headDim, spec.headDim);
        }
        int longer = spec.parts.contains(STRIDED) ? tokens + 3 : tokens;
        return inputs.activation(spec.batch, longer, numHeads, spec.headDim)
                .narrow(1, longer - tokens, tokens);
    }
}
