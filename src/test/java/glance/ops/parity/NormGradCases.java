package glance.ops.parity;

import glance.cases.Case;
import glance.cases.HeadNormRopeCase;
import glance.op.Activation;
import glance.op.Op;
import glance.op.Rope;
import glance.ops.TrainingOps;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#rmsNorm}, {@link TrainingOps#headNormRope}. */
final class NormGradCases {
    private static final float EPS = 1e-6f;

    private NormGradCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int dim : Sizes.edges()) {
            cases.add(rms(true, 2, 3, dim));
        }
        cases.add(rms(false, 1, 7, 33));
        for (Rope.Pairing pairing :
                new Rope.Pairing[] {Rope.Pairing.INTERLEAVED, Rope.Pairing.HALVES, null}) {
            for (int headDim : new int[] {2, 14, 16, 18, 32, 34, 128}) {
                cases.add(heads(0, pairing, true, 2, List.of(5), 3, headDim));
            }
            for (boolean normed : new boolean[] {false, true}) {
                cases.add(heads(0, pairing, normed, 2, List.of(3, 7), 3, 16));
                cases.add(heads(1, pairing, normed, 2, List.of(3, 7), 3, 16));
                cases.add(heads(2, pairing, normed, 1, List.of(2, 4, 113), 1, 24));
            }
        }
        HeadNormRopeCase own =
                new HeadNormRopeCase(
                                3,
                                List.of(3, 7),
                                2,
                                16,
                                List.of(true, true),
                                Rope.Pairing.INTERLEAVED,
                                false)
                        .withOwnPositions();
        cases.add(Case.of("headNormRope gradient 1 of " + own, a -> own.gradients(a).get(1)));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                rms(true, 3, 113, 203),
                heads(1, Rope.Pairing.INTERLEAVED, true, 2, List.of(37, 203), 4, 32));
    }

    private static Case rms(boolean weighted, int batch, int seqLen, int dim) {
        return Case.of(
                String.format(
                        "rmsNorm gradient [%d, %d, %d] weight %s", batch, seqLen, dim, weighted),
                a -> {
                    Tensor x = a.activation(batch, seqLen + 2, dim).narrow(1, 1, seqLen);
                    Tensor weight = weighted ? a.floats(dim) : null;
                    Tensor dy = a.activation(batch, seqLen, dim);
                    return a.ops()
                            .training()
                            .rmsNorm(new Op.RmsNorm(x, weight, EPS, Activation.NONE, x), dy);
                });
    }

    /** The gradient of stream {@code which}. */
    private static Case heads(
            int which,
            Rope.Pairing pairing,
            boolean normed,
            int batch,
            List<Integer> seqLens,
            int numHeads,
            int headDim) {
        List<Boolean> norms = Collections.nCopies(seqLens.size(), normed);
        HeadNormRopeCase norm =
                new HeadNormRopeCase(batch, seqLens, numHeads, headDim, norms, pairing, true);
        return Case.of(
                "headNormRope gradient " + which + " of " + norm,
                a -> norm.gradients(a).get(which));
    }
}
