package glance.ops.parity;

import static glance.cases.Conv2dCase.Part.BIAS;
import static glance.cases.Conv2dCase.Part.CROPPED;
import static glance.cases.Conv2dCase.Part.RESIDUAL;
import static glance.cases.Conv2dCase.square;

import glance.cases.Case;
import glance.cases.Conv2dCase;
import glance.op.Op.Padding;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#conv2d}. */
final class Conv2dCases {
    private Conv2dCases() {}

    static Stream<Case> cases() {
        List<Conv2dCase> specs = new ArrayList<>();
        for (DType weight : LinearCases.WEIGHTS) {
            specs.add(square(weight, 2, 7, 5, 9, 3, 1, 1, BIAS));
            specs.add(square(weight, 1, 5, 13, 17, 1, 1, 0));
        }
        DType f32 = DType.F32;
        for (int channels : new int[] {1, 3, 4, 15, 16, 17, 33}) {
            specs.add(square(f32, 1, 6, channels, channels + 1, 3, 1, 1, BIAS, RESIDUAL));
        }
        // one pixel, whose window is mostly padding
        specs.add(square(f32, 2, 1, 3, 4, 3, 1, 1, BIAS));
        specs.add(square(f32, 1, 3, 2, 5, 3, 1, 0));
        specs.add(square(DType.BF16, 1, 4, 3, 5, 7, 1, 3, BIAS));
        for (int size : new int[] {4, 5, 8, 9}) {
            specs.add(square(f32, 2, size, 3, 5, 3, 2, 1, BIAS));
            // the encoder's downsampling pads right and bottom only
            Padding after = new Padding(0, 0, 1, 1);
            specs.add(new Conv2dCase(f32, 1, size, size + 1, 4, 3, 3, 3, 2, after, BIAS));
        }
        specs.add(square(f32, 2, 8, 3, 11, 2, 2, 0, BIAS));
        specs.add(square(f32, 1, 12, 3, 6, 4, 4, 0));
        Padding uneven = new Padding(2, 1, 0, 3);
        specs.add(new Conv2dCase(f32, 2, 5, 11, 3, 7, 3, 2, 1, uneven, BIAS, RESIDUAL));
        specs.add(new Conv2dCase(DType.F16, 1, 11, 5, 3, 7, 1, 3, 3, uneven));
        specs.add(square(f32, 2, 6, 4, 4, 3, 1, 1, RESIDUAL, CROPPED));
        specs.addAll(tensorCores());
        return specs.stream().map(Conv2dCases::toCase);
    }

    /** What the tensor core kernels of a GPU take: channels in whole vectors of 8. */
    private static List<Conv2dCase> tensorCores() {
        List<Conv2dCase> specs = new ArrayList<>();
        DType bf16 = DType.BF16;
        // 72 and 256 pixels: tiles of 64, and (with 136 columns) of 128 on the emulated GPU
        for (int channels : new int[] {8, 16, 24, 32, 40}) {
            specs.add(square(bf16, 2, 6, channels, 7, 3, 1, 1, BIAS));
            specs.add(square(bf16, 1, 16, channels, 136, 3, 1, 1, BIAS, RESIDUAL));
        }
        for (int out : new int[] {1, 8, 63, 64, 65}) {
            specs.add(square(bf16, 1, 5, 16, out, 3, 1, 1, RESIDUAL));
        }
        Padding after = new Padding(0, 0, 1, 1);
        specs.add(new Conv2dCase(bf16, 2, 8, 9, 16, 24, 3, 3, 2, after, BIAS));
        Padding uneven = new Padding(2, 1, 0, 3);
        specs.add(new Conv2dCase(bf16, 2, 5, 11, 8, 16, 3, 2, 1, uneven, BIAS, RESIDUAL));
        specs.add(square(bf16, 2, 7, 72, 130, 1, 1, 0, BIAS));
        specs.add(square(bf16, 2, 1, 8, 4, 3, 1, 1, BIAS));
        specs.add(square(bf16, 2, 6, 16, 24, 3, 1, 1, RESIDUAL, CROPPED));
        return specs;
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(square(DType.BF16, 2, 23, 19, 160, 3, 1, 1, BIAS, RESIDUAL))
                .map(Conv2dCases::toCase);
    }

    private static Case toCase(Conv2dCase conv) {
        return Case.of("conv2d " + conv, conv::forward);
    }
}
