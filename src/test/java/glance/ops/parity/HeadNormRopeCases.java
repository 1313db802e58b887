package glance.ops.parity;

import glance.formula.NormFormula;
import glance.op.Op;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#headNormRope}. */
final class HeadNormRopeCases {
    private static final float EPS = 1e-6f;

    /** Streams of the given lengths; pairing null without rotation; cut takes slices as streams. */
    private record Spec(
            int batch,
            List<Integer> seqLens,
            int numHeads,
            int headDim,
            List<Boolean> normed,
            Rope.Pairing pairing,
            boolean cut) {
        OpCase toCase() {
            String name =
                    String.format(
                            "headNormRope [%d, %s, %d, %d] norm %s %s%s",
                            batch,
                            seqLens,
                            numHeads,
                            headDim,
                            normed,
                            pairing,
                            cut ? " slices" : "");
            return new OpCase(name, inputs -> trial(inputs, this));
        }
    }

    private HeadNormRopeCases() {}

    static Stream<OpCase> cases() {
        List<Spec> specs = new ArrayList<>();
        for (Rope.Pairing pairing :
                new Rope.Pairing[] {Rope.Pairing.INTERLEAVED, Rope.Pairing.HALVES, null}) {
            for (int headDim :
                    new int[] {
                        2, 6, 8, 14, 16, 18, 30, 32, 34, 48, 64, 66, 112, 128, 144, 254, 256
                    }) {
                specs.add(new Spec(1, List.of(5), 2, headDim, List.of(true), pairing, false));
            }
            for (boolean cut : new boolean[] {false, true}) {
                specs.add(new Spec(2, List.of(7, 17), 3, 16, List.of(true, true), pairing, cut));
                specs.add(new Spec(2, List.of(1, 113), 1, 24, List.of(false, true), pairing, cut));
                specs.add(new Spec(2, List.of(9), 3, 20, List.of(false), pairing, cut));
            }
            specs.add(
                    new Spec(
                            2, List.of(3, 4, 5), 2, 8, List.of(true, false, true), pairing, false));
        }
        for (int headDim : new int[] {1, 7, 9, 113}) {
            specs.add(new Spec(2, List.of(5), 2, headDim, List.of(true), null, false));
        }
        return specs.stream().map(Spec::toCase);
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        List<Boolean> normed = List.of(true, true);
        return Stream.of(
                        new Spec(
                                2,
                                List.of(37, 203),
                                4,
                                32,
                                normed,
                                Rope.Pairing.INTERLEAVED,
                                false))
                .map(Spec::toCase);
    }

    private static Trial trial(Inputs inputs, Spec spec) {
        List<Operand> streams = new ArrayList<>();
        List<Operand> weights = new ArrayList<>();
        for (int s = 0; s < spec.seqLens.size(); s++) {
            int seqLen = spec.seqLens.get(s);
            int d = spec.headDim;
            streams.add(
                    spec.cut
                            ? inputs.activation(spec.batch, seqLen + 2, spec.numHeads, 3 * d)
                                    .narrow(3, d, d)
                                    .narrow(1, 1, seqLen)
                            : inputs.activation(spec.batch, seqLen, spec.numHeads, d));
            weights.add(spec.normed.get(s) ? inputs.floats(d) : null);
        }
        int total = spec.seqLens.stream().mapToInt(Integer::intValue).sum();
        Operand cos = spec.pairing == null ? null : inputs.floats(total, spec.headDim / 2);
        Operand sin = spec.pairing == null ? null : inputs.floats(total, spec.headDim / 2);
        Rope rope =
                spec.pairing == null ? null : new Rope(cos.tensor(), sin.tensor(), spec.pairing);
        List<Tensor> xs = streams.stream().map(Operand::tensor).toList();
        List<Tensor> ws = new ArrayList<>();
        weights.forEach(weight -> ws.add(Operand.tensorOf(weight)));
        List<Operand> all = new ArrayList<>(streams);
        all.addAll(weights);
        all.add(cos);
        all.add(sin);
        return Trial.of(
                () -> inputs.ops().headNormRope(xs, ws, EPS, rope),
                NormFormula.headNormRope(
                        new Op.HeadNormRope(xs, ws, EPS, rope, null),
                        Operand.values(all.toArray(new Operand[0]))),
                spec.batch,
                total,
                spec.numHeads,
                spec.headDim);
    }
}
