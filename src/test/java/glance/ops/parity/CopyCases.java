package glance.ops.parity;

import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * {@link Ops#concat}, {@link Ops#contiguous}, {@link Ops#pack}, {@link Ops#cast} and {@link
 * Ops#upsampleNearest2x}: values are moved, not one may change.
 */
final class CopyCases {
    private CopyCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
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
    static Stream<OpCase> large() {
        return Stream.of(
                concat(1, new int[] {2, 0, 113}, 203, 113),
                pack(DType.BF16, "transposed", x -> x.permute(0, 2, 1), 3, 113, 203),
                upsample(x -> x, 2, 31, 37, 16));
    }

    /** Parts of the given lengths along the axis. */
    private static OpCase concat(int axis, int[] dims, int... lengths) {
        return new OpCase(
                String.format(
                        "concat %s of %s along %d",
                        Arrays.toString(lengths), Arrays.toString(dims), axis),
                inputs -> {
                    int at = Math.floorMod(axis, dims.length);
                    List<Operand> parts = new ArrayList<>();
                    for (int length : lengths) {
                        int[] part = dims.clone();
                        part[at] = length;
                        parts.add(inputs.activation(part));
                    }
                    return concat(inputs, axis, at, parts);
                });
    }

    private static OpCase concatOfViews() {
        return new OpCase(
                "concat of views along 1",
                inputs ->
                        concat(
                                inputs,
                                1,
                                1,
                                List.of(
                                        inputs.activation(2, 9, 4).narrow(1, 2, 5),
                                        inputs.activation(4, 3, 2).permute(2, 1, 0),
                                        inputs.activation(2, 1, 8).narrow(2, 4, 4))));
    }

    private static Trial concat(Inputs inputs, int axis, int at, List<Operand> parts) {
        List<Tensor> tensors = parts.stream().map(Operand::tensor).toList();
        int[] dims = parts.get(0).host().dims().clone();
        dims[at] = parts.stream().mapToInt(part -> part.host().dim(at)).sum();
        return Trial.exact(
                () -> inputs.ops().concat(axis, tensors),
                () -> {
                    HostArray y = HostArray.zeros(dims);
                    int inner = HostArray.size(Arrays.copyOfRange(dims, at + 1, dims.length));
                    for (int i = 0; i < y.values().length; i++) {
                        int position = i / inner % dims[at];
                        int outer = i / inner / dims[at];
                        int p = 0;
                        while (position >= parts.get(p).host().dim(at)) {
                            position -= parts.get(p++).host().dim(at);
                        }
                        HostArray part = parts.get(p).host();
                        int from = (outer * part.dim(at) + position) * inner + i % inner;
                        y.values()[i] = part.get(from);
                    }
                    return y;
                });
    }

    private static OpCase pack(
            DType dtype, String view, Function<Operand, Operand> cut, int... dims) {
        return new OpCase(
                String.format("pack %s %s %s", dtype, Arrays.toString(dims), view),
                inputs -> {
                    Operand x = cut.apply(inputs.weight(dtype, dims));
                    return Trial.exact(() -> inputs.ops().pack(x.tensor()), x::host);
                });
    }

    /** Every number that the dtype can hold, subnormal ones included. */
    private static OpCase everyPattern(DType dtype) {
        return new OpCase(
                "cast every " + dtype + " to F32",
                inputs -> {
                    FloatFormat format = FloatFormat.of(dtype);
                    int patterns = dtype.bytes() == 1 ? 1 << 8 : 1 << 16;
                    double[] numbers = new double[patterns];
                    for (int i = 0; i < patterns; i++) {
                        double number = format.decode(i);
                        numbers[i] = Double.isFinite(number) ? number : 0;
                    }
                    Operand x =
                            inputs.upload(dtype, new HostArray(new int[] {1, patterns}, numbers));
                    return Trial.exact(() -> inputs.ops().cast(x.tensor(), DType.F32), x::host);
                });
    }

    private static OpCase cast(DType dtype, int... dims) {
        return new OpCase(
                "cast " + dtype + " " + Arrays.toString(dims) + " permuted to F32",
                inputs -> {
                    Operand x = inputs.exactly(dtype, dims).permute(1, 0);
                    return Trial.exact(
                            () -> inputs.ops().contiguous(inputs.ops().cast(x.tensor(), DType.F32)),
                            x::host);
                });
    }

    private static OpCase contiguous(String view, Function<Operand, Operand> cut, int... dims) {
        return new OpCase(
                "contiguous " + Arrays.toString(dims) + " " + view,
                inputs -> {
                    Operand x = cut.apply(inputs.activation(dims));
                    // packed, so that the result may be spoiled without harm to the argument
                    return Trial.exact(
                            () -> inputs.ops().pack(inputs.ops().contiguous(x.tensor())), x::host);
                });
    }

    private static OpCase upsample(Function<Operand, Operand> cut, int... dims) {
        return new OpCase(
                "upsampleNearest2x " + Arrays.toString(dims),
                inputs -> {
                    Operand x = cut.apply(inputs.activation(dims));
                    int[] wanted = x.host().dims().clone();
                    wanted[1] *= 2;
                    wanted[2] *= 2;
                    return Trial.exact(
                            () -> inputs.ops().upsampleNearest2x(x.tensor()),
                            () ->
                                    x.host()
                                            .gather(
                                                    wanted,
                                                    at ->
                                                            new int[] {
                                                                at[0], at[1] / 2, at[2] / 2, at[3]
                                                            }));
                });
    }
}
