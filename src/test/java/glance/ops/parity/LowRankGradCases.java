package glance.ops.parity;

import static glance.cases.LinearCase.Part.SCALES;

import glance.cases.Case;
import glance.cases.LinearCase;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link TrainingOps#linear}: the gradients towards the factors of the adapter, each a case of its
 * own; that towards a is found alone, that towards b beside that towards x.
 */
final class LowRankGradCases {
    private LowRankGradCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        both(cases, 1, 1, 1, 1, 1);
        both(cases, 2, 7, 33, 31, 3);
        for (int size : Sizes.edges()) {
            both(cases, 1, 5, size, 19, 3);
            both(cases, 1, 5, 19, size, 3);
        }
        // around the edges of the tensor core kernel's tiles
        for (int rank : new int[] {4, 16, 32, 33, 64, 65, 128, 129}) {
            both(cases, 1, 65, 40, 136, rank);
        }
        // more tokens than one part of the sum takes
        both(cases, 1, 513, 24, 16, 8);
        both(cases, 3, 347, 24, 16, 8);
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        List<Case> cases = new ArrayList<>();
        both(cases, 2, 113, 203, 257, 8);
        return cases.stream();
    }

    private static void both(List<Case> cases, int batch, int seqLen, int in, int out, int rank) {
        LinearCase linear = linear(DType.BF16, batch, seqLen, in, out, rank);
        cases.add(
                Case.of(
                        "lowRank gradient of a, " + linear,
                        a -> linear.gradients(a, false, true).a()));
        cases.add(
                Case.of(
                        "lowRank gradient of b, " + linear,
                        a -> linear.gradients(a, true, true).b()));
    }

    /** Where in is even, each rank has a scale of its own. */
    static LinearCase linear(DType dtype, int batch, int seqLen, int in, int out, int rank) {
        return (rank > 0 && in % 2 == 0
                        ? new LinearCase(dtype, batch, seqLen, in, out, SCALES)
                        : new LinearCase(dtype, batch, seqLen, in, out))
                .withLora(rank, DType.F32);
    }
}
