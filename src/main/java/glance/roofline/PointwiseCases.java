package glance.roofline;

import glance.op.Activation;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.Locale;
import java.util.stream.Stream;

/** Kernels that only pass over their arguments, and the sampler's step. */
final class PointwiseCases {
    private static final float GUIDANCE = 4;
    private static final float DT = -0.125f;

    private PointwiseCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int image = scale.count(Shapes.IMAGE_TOKENS);
        int hidden = scale.width(Shapes.HIDDEN);
        int mlp = scale.width(Shapes.MLP);
        int channels = scale.width(Shapes.LATENT_CHANNELS);
        return Stream.of(
                KernelCase.of("copy." + image + "x" + mlp, from -> copy(from, image, mlp)),
                KernelCase.of(
                        "gate.residual." + image + "x" + hidden, from -> gate(from, image, hidden)),
                activation(Activation.GELU_TANH, "gelu", image, mlp),
                activation(Activation.SILU, "silu", image, mlp),
                KernelCase.of(
                        "guided.euler." + image + "x" + channels,
                        from -> guidedEuler(from, image, channels)));
    }

    private static Call copy(Arguments from, int tokens, int width) {
        Tensor x = from.activation(tokens, width);
        Tensor out = from.result(tokens, width);
        return Call.of(new Op.Copy(x, out), 0, from.numbers(x));
    }

    private static Call gate(Arguments from, int tokens, int width) {
        Tensor residual = from.activation(1, tokens, width);
        Tensor gate = from.activation(1, width);
        Tensor y = from.activation(1, tokens, width);
        Tensor out = from.result(1, tokens, width);
        Elements r = from.numbers(residual);
        Elements g = from.numbers(gate);
        Elements v = from.numbers(y);
        return Call.of(
                new Op.GateResidual(residual, gate, y, out),
                0,
                index -> r.at(index) + g.at(index % width) * v.at(index));
    }

    private static KernelCase activation(
            Activation activation, String name, int tokens, int width) {
        return KernelCase.of(
                String.format(Locale.ROOT, "%s.%dx%d", name, tokens, width),
                from -> {
                    Tensor x = from.activation(1, tokens, width);
                    Tensor out = from.result(1, tokens, width);
                    Elements values = from.numbers(x);
                    return Call.of(
                            new Op.Unary(activation, x, out),
                            0,
                            index -> Functions.activation(activation, values.at(index)));
                });
    }

    private static Call guidedEuler(Arguments from, int tokens, int channels) {
        Tensor latents = from.activation(1, tokens, channels);
        Tensor velocity = from.activation(1, tokens, channels);
        Tensor negative = from.activation(1, tokens, channels);
        Tensor out = from.result(1, tokens, channels);
        Elements x = from.numbers(latents);
        Elements v = from.numbers(velocity);
        Elements n = from.numbers(negative);
        Elements guided = i -> n.at(i) + GUIDANCE * (v.at(i) - n.at(i));
        Elements expected =
                index -> {
                    long start = index / channels * channels;
                    double before = Functions.dot(v, start, 1, v, start, 1, channels);
                    double after = Functions.dot(guided, start, 1, guided, start, 1, channels);
                    return x.at(index) + DT * guided.at(index) * Math.sqrt(before / after);
                };
        return Call.of(
                new Op.GuidedEuler(latents, velocity, negative, GUIDANCE, true, DT, out),
                0,
                expected);
    }
}
