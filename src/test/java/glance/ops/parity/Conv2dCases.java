package glance.ops.parity;

import static glance.ops.parity.Conv2dCases.Part.BIAS;
import static glance.ops.parity.Conv2dCases.Part.CROPPED;
import static glance.ops.parity.Conv2dCases.Part.RESIDUAL;

import glance.formula.Conv2dFormula;
import glance.op.Op;
import glance.op.Op.Padding;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** {@link Ops#conv2d}. */
final class Conv2dCases {
    enum Part {
        BIAS,
        RESIDUAL,
        /** x and the residual are cut out of larger pictures. */
        CROPPED
    }

    /** x [batch, height, width, in], weight [out, kernelHeight, kernelWidth, in]. */
    private record Spec(
            DType weight,
            int batch,
            int height,
            int width,
            int in,
            int out,
            int kernelHeight,
            int kernelWidth,
            int stride,
            Padding padding,
            Set<Part> parts) {
        Spec with(Part... added) {
            Set<Part> all = EnumSet.noneOf(Part.class);
            all.addAll(List.of(added));
            return new Spec(
                    weight,
                    batch,
                    height,
                    width,
                    in,
                    out,
                    kernelHeight,
                    kernelWidth,
                    stride,
                    padding,
                    all);
        }

        int outHeight() {
            return (height + padding.top() + padding.bottom() - kernelHeight) / stride + 1;
        }

        int outWidth() {
            return (width + padding.left() + padding.right() - kernelWidth) / stride + 1;
        }

        OpCase toCase() {
            String name =
                    String.format(
                            "conv2d [%d, %d, %d, %d] to %d, %s [%d, %d], stride %d, %s %s",
                            batch,
                            height,
                            width,
                            in,
                            out,
                            weight,
                            kernelHeight,
                            kernelWidth,
                            stride,
                            padding,
                            parts);
            return new OpCase(name, inputs -> trial(inputs, this));
        }
    }

    private Conv2dCases() {}

    private static Spec square(
            DType weight, int batch, int size, int in, int out, int kernel, int stride, int pad) {
        return new Spec(
                weight,
                batch,
                size,
                size,
                in,
                out,
                kernel,
                kernel,
                stride,
                Padding.all(pad),
                Set.of());
    }

    static Stream<OpCase> cases() {
        List<Spec> specs = new ArrayList<>();
        for (DType weight : LinearCases.WEIGHTS) {
            specs.add(square(weight, 2, 7, 5, 9, 3, 1, 1).with(BIAS));
            specs.add(square(weight, 1, 5, 13, 17, 1, 1, 0));
        }
        DType f32 = DType.F32;
        for (int channels : new int[] {1, 3, 4, 15, 16, 17, 33}) {
            specs.add(square(f32, 1, 6, channels, channels + 1, 3, 1, 1).with(BIAS, RESIDUAL));
        }
        // one pixel, whose window is mostly padding
        specs.add(square(f32, 2, 1, 3, 4, 3, 1, 1).with(BIAS));
        specs.add(square(f32, 1, 3, 2, 5, 3, 1, 0));
        specs.add(square(DType.BF16, 1, 4, 3, 5, 7, 1, 3).with(BIAS));
        for (int size : new int[] {4, 5, 8, 9}) {
            specs.add(square(f32, 2, size, 3, 5, 3, 2, 1).with(BIAS));
            // the encoder's downsampling pads right and bottom only
            Padding after = new Padding(0, 0, 1, 1);
            specs.add(new Spec(f32, 1, size, size + 1, 4, 3, 3, 3, 2, after, Set.of()).with(BIAS));
        }
        specs.add(square(f32, 2, 8, 3, 11, 2, 2, 0).with(BIAS));
        specs.add(square(f32, 1, 12, 3, 6, 4, 4, 0));
        Padding uneven = new Padding(2, 1, 0, 3);
        specs.add(new Spec(f32, 2, 5, 11, 3, 7, 3, 2, 1, uneven, Set.of()).with(BIAS, RESIDUAL));
        specs.add(new Spec(DType.F16, 1, 11, 5, 3, 7, 1, 3, 3, uneven, Set.of()));
        specs.add(square(f32, 2, 6, 4, 4, 3, 1, 1).with(CROPPED, RESIDUAL));
        specs.addAll(tensorCores());
        return specs.stream().map(Spec::toCase);
    }

    /** What the tensor core kernels of a GPU take: channels in whole vectors of 8. */
    private static List<Spec> tensorCores() {
        List<Spec> specs = new ArrayList<>();
        DType bf16 = DType.BF16;
        // 72 and 256 pixels: tiles of 64, and (with 136 columns) of 128 on the emulated GPU
        for (int channels : new int[] {8, 16, 24, 32, 40}) {
            specs.add(square(bf16, 2, 6, channels, 7, 3, 1, 1).with(BIAS));
            specs.add(square(bf16, 1, 16, channels, 136, 3, 1, 1).with(BIAS, RESIDUAL));
        }
        for (int out : new int[] {1, 8, 63, 64, 65}) {
            specs.add(square(bf16, 1, 5, 16, out, 3, 1, 1).with(RESIDUAL));
        }
        Padding after = new Padding(0, 0, 1, 1);
        specs.add(new Spec(bf16, 2, 8, 9, 16, 24, 3, 3, 2, after, Set.of()).with(BIAS));
        Padding uneven = new Padding(2, 1, 0, 3);
        specs.add(new Spec(bf16, 2, 5, 11, 8, 16, 3, 2, 1, uneven, Set.of()).with(BIAS, RESIDUAL));
        specs.add(square(bf16, 2, 7, 72, 130, 1, 1, 0).with(BIAS));
        specs.add(square(bf16, 2, 1, 8, 4, 3, 1, 1).with(BIAS));
        specs.add(square(bf16, 2, 6, 16, 24, 3, 1, 1).with(CROPPED, RESIDUAL));
        return specs;
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(square(DType.BF16, 2, 23, 19, 160, 3, 1, 1).with(BIAS, RESIDUAL))
                .map(Spec::toCase);
    }

    private static Trial trial(Inputs inputs, Spec spec) {
        boolean cropped = spec.parts.contains(CROPPED);
        Operand x = picture(inputs, cropped, spec.batch, spec.height, spec.width, spec.in);
        Operand weight =
                inputs.weight(spec.weight, spec.out, spec.kernelHeight, spec.kernelWidth, spec.in);
        Operand bias = spec.parts.contains(BIAS) ? inputs.weight(spec.weight, spec.out) : null;
        Operand residual =
                spec.parts.contains(RESIDUAL)
                        ? picture(
                                inputs,
                                cropped,
                                spec.batch,
                                spec.outHeight(),
                                spec.outWidth(),
                                spec.out)
                        : null;
        Op.Conv2d op =
                new Op.Conv2d(
                        x.tensor(),
                        weight.tensor(),
                        Operand.tensorOf(bias),
                        spec.stride,
                        spec.padding,
                        Operand.tensorOf(residual),
                        null);
        return Trial.of(
                () ->
                        inputs.ops()
                                .conv2d(
                                        op.x(),
                                        op.weight(),
                                        op.bias(),
                                        op.stride(),
                                        op.padding(),
                                        op.residual()),
                Conv2dFormula.of(op, Operand.values(x, weight, bias, residual)),
                spec.batch,
                spec.outHeight(),
                spec.outWidth(),
                spec.out);
    }

    private static Operand picture(
            Inputs inputs, boolean cropped, int batch, int height, int width, int channels) {
        return cropped
                ? inputs.activation(batch, height + 3, width + 2, channels)
                        .narrow(1, 2, height)
                        .narrow(2, 1, width)
                : inputs.activation(batch, height, width, channels);
    }
}
