package glance.roofline;

import glance.backend.MathLibrary;
import glance.formula.Activations64;
import glance.formula.Arithmetic;
import glance.formula.Conv2dFormula;
import glance.formula.Elements;
import glance.formula.NormFormula;
import glance.op.Activation;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Decoders at 1024 x 1024: AutoencoderKL (FLUX.1, SD3) and Qwen-Image's. */
final class AutoencoderCases {
    private static final int KERNEL = 3;
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

    private static String picture(int side, int channels) {
        return side + "x" + side + "x" + channels;
    }

    /** 3 x 3, as many channels out as in. */
    private static KernelCase conv(String decoder, Scale scale, int fullSide, int fullChannels) {
        int side = scale.side(fullSide);
        int channels = scale.channels(fullChannels);
        return KernelCase.of(
                        "conv2d." + decoder + "." + picture(side, channels),
                        from -> conv(from, side, channels))
                .of("conv2d")
                .beside(MathLibrary.CUDNN.variant());
    }

    private static Call conv(Arguments from, int side, int channels) {
        Tensor x = from.activation(1, side, side, channels);
        Tensor weight = from.weight(channels, KERNEL, KERNEL, channels);
        Tensor bias = from.parameter(channels);
        Tensor out = from.result(1, side, side, channels);
        Op.Conv2d op = new Op.Conv2d(x, weight, bias, 1, Op.Padding.all(1), null, out);
        double flop = 2.0 * side * side * channels * KERNEL * KERNEL * channels;
        return Call.of(op, flop, Conv2dFormula.of(op, from::numbers).in(Arithmetic.exact()));
    }

    private static KernelCase groupNorm(int side, int channels) {
        int groups = Math.min(GROUPS, channels);
        return KernelCase.of(
                "groupnorm.silu." + picture(side, channels),
                from -> {
                    Tensor x = from.activation(1, side, side, channels);
                    from.moved(x); // the statistics need a pass of their own
                    Tensor statistics = from.floatResult(1, groups, 2);
                    Tensor weight = from.parameter(channels);
                    Tensor bias = from.parameter(channels);
                    Tensor out = from.result(1, side, side, channels);
                    List<Op> ops =
                            List.of(
                                    new Op.GroupStatistics(List.of(x), EPS, statistics),
                                    new Op.GroupNorm(
                                            x, statistics, weight, bias, Activation.SILU, out));
                    Elements values = from.numbers(x);
                    Elements w = from.numbers(weight);
                    Elements b = from.numbers(bias);
                    int size = channels / groups;
                    Map<Long, Moments> moments = new ConcurrentHashMap<>();
                    Elements expected =
                            index -> {
                                long column = index % channels;
                                long start = column / size * size;
                                Moments m =
                                        moments.computeIfAbsent(
                                                start,
                                                at ->
                                                        Moments.strided(
                                                                values,
                                                                at,
                                                                size,
                                                                channels,
                                                                (long) side * side));
                                double norm = (values.at(index) - m.mean()) * m.inverse(EPS);
                                return Activations64.apply(
                                        Arithmetic.exact(),
                                        Activation.SILU,
                                        norm * w.at(column) + b.at(column));
                            };
                    return Call.of(ops, out, 0, expected);
                });
    }

    private static KernelCase channelNorm(int side, int channels) {
        return KernelCase.of(
                "channelnorm.silu." + picture(side, channels),
                from -> {
                    Tensor x = from.activation(1, side * side, channels);
                    Tensor weight = from.parameter(channels);
                    Tensor out = from.result(1, side * side, channels);
                    Op.RmsNorm op = new Op.RmsNorm(x, weight, EPS, Activation.SILU, out);
                    return Call.of(
                            op, 0, NormFormula.rms(op, from::numbers).in(Arithmetic.exact()));
                });
    }

    private static KernelCase upsample(int side, int channels) {
        return KernelCase.of(
                "upsample." + picture(side, channels),
                from -> {
                    Tensor x = from.activation(1, side, side, channels);
                    Tensor out = from.result(1, 2 * side, 2 * side, channels);
                    Elements values = from.numbers(x);
                    Elements expected =
                            index -> {
                                long px = index / channels % (2L * side);
                                long py = index / channels / (2L * side);
                                return values.at(
                                        (py / 2 * side + px / 2) * channels + index % channels);
                            };
                    return Call.of(new Op.UpsampleNearest2x(x, out), 0, expected);
                });
    }
}
