package glance.ops.parity;

import glance.cases.Case;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * {@link Ops#concat}, {@link Ops#contiguous}, {@link Ops#pack}, {@link Ops#cast} and {@link
 * Ops#upsampleNearest2x}: values are moved, not one may change.
 */
final class CopyCases {
    private CopyCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.add(concat(0, new int[] {2, 3}, 2, 1, 5));
        cases.add(concat(1, new int[] {2, 0, 17}, 3, 14));
        cases.add(concat(-1, new int[] {2, 5, 0}, 1, 31, 8));
        cases.add(concat(1, new int[] {2, 0, 3, 4}, 5));
        cases.add(concat(1, new int[] {2, 0, 17}, 0, 4, 0));
        cases.add(concat(1, new int[] {2, 0, 16}, 3, 5));
        cases.add(concatOfViews());
        for (DType dtype : LinearCases.WEIGHTS) {
            cases.add(pack(dtype, "whole", x -> x, 5, 33));
            cases.add(pack(dtype, "columns", x -> x.narrow(1, 3, 17), 5, 33));
            cases.add(pack(dtype, "transposed", x -> x.permute(1, 0), 5, 33));
            cases.add(cast(dtype, 3, 31));
            cases.add(pack(dtype, "rows of whole runs", x -> x.permute(1, 0, 2), 3, 5, 24));
            cases.add(pack(dtype, "runs at an odd start", x -> x.narrow(1, 4, 16), 3, 24));
        }
        cases.add(pack(DType.F32, "permuted", x -> x.permute(0, 2, 1, 3), 2, 5, 3, 8));
        cases.add(pack(DType.F32, "reversed axes", x -> x.permute(3, 2, 1, 0), 2, 5, 3, 7));
        cases.add(pack(DType.F32, "a scalar", x -> x));
        cases.add(pack(DType.F32, "nothing", x -> x.permute(1, 0), 3, 0));
        // 2 x 2 pixels side by side in the channels, as latents enter a transformer
        cases.add(
                pack(
                        DType.F32,
                        "patches",
                        x -> x.reshape(2, 4, 3, 2, 5, 2).permute(0, 2, 4, 1, 3, 5),
                        2,
                        4,
                        6,
                        10));
        for (DType dtype : List.of(DType.BF16, DType.F16, DType.F8_E4M3, DType.F8_E5M2)) {
            cases.add(everyPattern(dtype));
        }
        cases.add(contiguous("permuted", x -> x.permute(1, 0, 2), 3, 5, 7));
        cases.add(contiguous("already", x -> x.narrow(0, 1, 2), 3, 5, 7));
        for (int[] dims : new int[][] {{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 4, 1, 16}, {3, 1, 2, 33}}) {
            cases.add(upsample(x -> x, dims));
        }
        cases.add(upsample(x -> x.permute(0, 2, 3, 1), 2, 5, 3, 4));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                concat(1, new int[] {2, 0, 113}, 203, 113),
                pack(DType.BF16, "transposed", x -> x.permute(0, 2, 1), 3, 113, 203),
                upsample(x -> x, 2, 31, 37, 16));
    }

    /** Parts of the given lengths along the axis. */
    private static Case concat(int axis, int[] dims, int... lengths) {
        return Case.of(
                String.format(
                        "concat %s of %s along %d",
                        Arrays.toString(lengths), Arrays.toString(dims), axis),
                a -> {
                    int[] part = dims.clone();
                    int at = Math.floorMod(axis, dims.length);
                    List<Tensor> parts = new ArrayList<>();
                    for (int length : lengths) {
                        part[at] = length;
                        parts.add(a.activation(part));
                    }
                    part[at] = Arrays.stream(lengths).sum();
                    return Parity.shaped(a.ops().concat(axis, parts), part);
                });
    }

    private static Case concatOfViews() {
        return Case.of(
                "concat of views along 1",
                a ->
                        a.ops()
                                .concat(
                                        1,
                                        List.of(
                                                a.activation(2, 9, 4).narrow(1, 2, 5),
                                                a.activation(4, 3, 2).permute(2, 1, 0),
                                                a.activation(2, 1, 8).narrow(2, 4, 4))));
    }

    private static Case pack(DType dtype, String view, UnaryOperator<Tensor> cut, int... dims) {
        return Case.of(
                String.format("pack %s %s %s", dtype, Arrays.toString(dims), view),
                a -> {
                    Tensor x = cut.apply(a.weight(dtype, dims));
                    return Parity.shaped(a.ops().pack(x), x.shape().dims());
                });
    }

    /** Every number that the dtype can hold, subnormal ones included. */
    private static Case everyPattern(DType dtype) {
        FloatFormat format = FloatFormat.of(dtype);
        int count = 1 << Byte.SIZE * dtype.bytes();
        return Case.of(
                "cast every " + dtype + " to F32",
                a -> {
                    Tensor x = a.bits(dtype, format.patterns(), i -> finite(format, i), 1, count);
                    return a.ops().cast(x, DType.F32);
                });
    }

    private static double finite(FloatFormat format, long pattern) {
        double number = format.decode((int) pattern);
        return Double.isFinite(number) ? number : 0;
    }

    private static Case cast(DType dtype, int... dims) {
        return Case.of(
                "cast " + dtype + " " + Arrays.toString(dims) + " permuted to F32",
                a -> {
                    Tensor x = a.kept(dtype, dims).permute(1, 0);
                    return a.ops().contiguous(a.ops().cast(x, DType.F32));
                });
    }

    /** Packed, so that the result may be spoiled without harm to the argument. */
    private static Case contiguous(String view, UnaryOperator<Tensor> cut, int... dims) {
        return Case.of(
                "contiguous " + Arrays.toString(dims) + " " + view,
                a -> a.ops().pack(a.ops().contiguous(cut.apply(a.activation(dims)))));
    }

    private static Case upsample(UnaryOperator<Tensor> cut, int... dims) {
        return Case.of(
                "upsampleNearest2x " + Arrays.toString(dims),
                a -> {
                    Tensor x = cut.apply(a.activation(dims));
                    return Parity.shaped(
                            a.ops().upsampleNearest2x(x),
                            x.dim(0),
                            2 * x.dim(1),
                            2 * x.dim(2),
                            x.dim(3));
                });
    }
}
