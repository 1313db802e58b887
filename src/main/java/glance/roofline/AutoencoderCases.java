package glance.roofline;

import static glance.cases.Conv2dCase.Part.BIAS;

import glance.backend.MathLibrary;
import glance.cases.Conv2dCase;
import glance.op.Activation;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Decoders at 1024 x 1024: AutoencoderKL (FLUX.1, SD3) and Qwen-Image's. */
final class AutoencoderCases {
    private static final int GROUPS = 32;
    private static final float EPS = 1e-6f;

    private AutoencoderCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        return Stream.of(
                conv("kl", scale, 128, 512),
                conv("kl", scale, 512, 256),
                conv("kl", scale, 1024, 128),
                conv("qwen", scale, 256, 384),
                conv("qwen", scale, 1024, 96),
                groupNorm(scale.side(1024), scale.channels(128)),
                channelNorm(scale.side(1024), scale.channels(96)),
                upsample(scale.side(512), scale.channels(256)));
    }

    private static String picture(String name, int side, int channels) {
        return name + "." + side + "x" + side + "x" + channels;
    }

    /** 3 x 3, as many channels out as in. */
    private static KernelCase conv(String decoder, Scale scale, int fullSide, int fullChannels) {
        int side = scale.side(fullSide);
        int channels = scale.channels(fullChannels);
        Conv2dCase conv = Conv2dCase.square(DType.BF16, 1, side, channels, channels, 3, 1, 1, BIAS);
        return KernelCase.of(picture("conv2d." + decoder, side, channels), conv::forward)
                .of("conv2d")
                .beside(MathLibrary.CUDNN.variant());
    }

    private static KernelCase groupNorm(int side, int channels) {
        return KernelCase.of(
                picture("groupnorm.silu", side, channels),
                a -> {
                    Tensor x = a.activation(1, side, side, channels);
                    int groups = Math.min(GROUPS, channels);
                    Tensor statistics = a.ops().groupStatistics(List.of(x), groups, EPS);
                    Tensor weight = a.weight(DType.F32, channels);
                    Tensor bias = a.weight(DType.F32, channels);
                    return a.ops().groupNorm(x, statistics, weight, bias, Activation.SILU);
                });
    }

    private static KernelCase channelNorm(int side, int channels) {
        return KernelCase.of(
                picture("channelnorm.silu", side, channels),
                a ->
                        a.ops()
                                .rmsNorm(
                                        a.activation(1, side * side, channels),
                                        a.weight(DType.F32, channels),
                                        EPS,
                                        Activation.SILU));
    }

    private static KernelCase upsample(int side, int channels) {
        return KernelCase.of(
                picture("upsample", side, channels),
                a -> a.ops().upsampleNearest2x(a.activation(1, side, side, channels)));
    }
}
