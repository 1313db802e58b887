package glance.ops.parity;

import glance.cases.Case;
import glance.cases.LinearCase;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#linear}: the gradient towards x. */
final class LinearInputCases {
    private LinearInputCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
            cases.add(linearInput(dtype, 0, 2, 7, 33, 31));
            cases.add(linearInput(dtype, 4, 2, 7, 33, 31));
        }
        for (int size : Sizes.edges()) {
            cases.add(linearInput(DType.F32, 3, 1, 5, size, 19));
            cases.add(linearInput(DType.F32, 3, 1, 5, 19, size));
        }
        cases.add(linearInput(DType.F32, 17, 1, 1, 1, 1));
        // what the tensor core kernels take, around the edges of their tiles and slices
        for (int rank : new int[] {0, 4, 32, 128}) {
            cases.add(linearInput(DType.BF16, rank, 2, 65, 136, 72));
            cases.add(linearInput(DType.BF16, rank, 1, 65, 72, 40));
        }
        for (int size : new int[] {8, 32, 64, 72}) {
            cases.add(linearInput(DType.BF16, 16, 2, 5, size, 136));
            cases.add(linearInput(DType.BF16, 16, 2, 5, 136, size));
        }
        // several tiles and slices of Hopper's kernel, and a rank of two slices
        cases.add(linearInput(DType.BF16, 72, 1, 260, 776, 136));
        // an odd number of bands of rows, in pairs
        cases.add(linearInput(DType.BF16, 72, 1, 260, 264, 136));
        // tiles of S in its walk that take no wave more: of 128 columns, of 64, two for a band
        cases.add(linearInput(DType.BF16, 72, 1, 260, 1300, 72));
        cases.add(linearInput(DType.BF16, 8, 2, 65, 520, 200));
        cases.add(linearInput(DType.BF16, 130, 1, 70, 1032, 136));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(linearInput(DType.BF16, 8, 2, 113, 203, 257));
    }

    private static Case linearInput(DType dtype, int rank, int batch, int seqLen, int in, int out) {
        LinearCase linear = LowRankGradCases.linear(dtype, batch, seqLen, in, out, rank);
        return Case.of("linearInput of " + linear, a -> linear.gradients(a, true, false).x());
    }
}
