package glance.ops.parity;

import glance.cases.Case;
import glance.op.Activation;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#groupStatistics} and {@link Ops#groupNorm}. */
final class GroupNormCases {
    private static final float EPS = 1e-6f;

    private GroupNormCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int perGroup : new int[] {1, 2, 7, 16}) {
            cases.add(statistics(3, 0, 2, 4, 5, 3 * perGroup));
            cases.add(norm(3, Activation.NONE, 2, 4, 5, 3 * perGroup));
        }
        cases.add(statistics(1, 0, 1, 1, 2, 5));
        cases.add(statistics(8, 0, 1, 3, 3, 8));
        cases.add(statistics(2, 50, 1, 7, 11, 6));
        for (Activation activation : Activation.values()) {
            cases.add(norm(2, activation, 1, 3, 5, 34));
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(statistics(4, 0, 2, 31, 37, 64), norm(4, Activation.SILU, 2, 31, 37, 64));
    }

    /** The first row is a strip of its own; a part of a wider picture is read. */
    private static Case statistics(
            int groups, double mean, int batch, int height, int width, int channels) {
        int[] dims = {batch, height, width + 1, channels};
        return Case.of(
                "groupStatistics " + Arrays.toString(dims) + " groups " + groups + " at " + mean,
                a -> {
                    Tensor x = a.activation(v -> v + mean, dims).narrow(2, 1, width);
                    List<Tensor> strips =
                            height == 1
                                    ? List.of(x)
                                    : List.of(x.narrow(1, 0, 1), x.narrow(1, 1, height - 1));
                    return a.ops().groupStatistics(strips, groups, EPS);
                });
    }

    private static Case norm(int groups, Activation activation, int... dims) {
        return Case.of(
                "groupNorm " + Arrays.toString(dims) + " groups " + groups + " " + activation,
                a -> {
                    Tensor x = a.activation(dims);
                    // means of any size below 1; inverse deviations near 1
                    Tensor statistics =
                            a.given(
                                    DType.F32,
                                    i -> i % 2 == 0 ? Math.sin(i) : Math.exp(Math.sin(i) / 4),
                                    dims[0],
                                    groups,
                                    2);
                    return a.ops()
                            .groupNorm(
                                    x,
                                    statistics,
                                    a.floats(dims[3]),
                                    a.floats(dims[3]),
                                    activation);
                });
    }
}
