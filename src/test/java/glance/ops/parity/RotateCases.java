package glance.ops.parity;

import glance.cases.Case;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.Arrays;
import java.util.stream.Stream;

/** {@link Ops#rotate}. */
final class RotateCases {
    private RotateCases() {}

    static Stream<Case> cases() {
        return Stream.of(
                rotate(4, false, 1, 4),
                rotate(4, false, 3, 20),
                rotate(16, true, 5, 3, 48),
                rotate(64, false, 2, 7, 192),
                rotate(256, true, 9, 512),
                rotate(256, false, 1, 2, 1280),
                rotate(1024, true, 3, 1024),
                rotate(1, true, 7, 13),
                rotate(1, false, 2, 3, 5),
                rotate(16, true, 2, 0, 16),
                rotate(16, false, 0, 32),
                of(DType.F32, true),
                of(DType.BF16, true),
                of(DType.F16, false),
                Case.of(
                        "rotate 64 of [4, 5, 64] permuted",
                        a -> a.ops().rotate(a.activation(4, 5, 64).permute(1, 0, 2), 64, null)));
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(rotate(256, true, 113, 768), rotate(1, true, 113, 203));
    }

    private static Case rotate(int group, boolean scaled, int... dims) {
        int rows = Arrays.stream(dims, 0, dims.length - 1).reduce(1, (a, b) -> a * b);
        return Case.of(
                "rotate " + group + " of " + Arrays.toString(dims) + (scaled ? ", scaled" : ""),
                a -> a.ops().rotate(a.activation(dims), group, scaled ? a.floats(rows) : null));
    }

    /** A factor of an adapter. */
    private static Case of(DType dtype, boolean scaled) {
        return Case.of(
                "rotate 64 of " + dtype + " [3, 128]",
                a -> a.ops().rotate(a.weight(dtype, 3, 128), 64, scaled ? a.floats(3) : null));
    }
}
