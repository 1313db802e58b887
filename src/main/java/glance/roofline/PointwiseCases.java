package glance.roofline;

import glance.formula.Arithmetic;
import glance.formula.PointwiseFormula;
import glance.op.Activation;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.Locale;
import java.util.stream.Stream;

/** Kernels that only pass over their arguments, and the sampler's step. */
final class PointwiseCases {
    private static final Arithmetic EXACT = Arithmetic.exact();
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
        Op.GateResidual op = new Op.GateResidual(residual, gate, y, out);
        return Call.of(op, 0, PointwiseFormula.gateResidual(op, from::numbers).in(EXACT));
    }

    private static KernelCase activation(
            Activation activation, String name, int tokens, int width) {
        return KernelCase.of(
                String.format(Locale.ROOT, "%s.%dx%d", name, tokens, width),
                from -> {
                    Tensor x = from.activation(1, tokens, width);
                    Tensor out = from.result(1, tokens, width);
                    Op.Unary op = new Op.Unary(activation, x, out);
                    return Call.of(op, 0, PointwiseFormula.unary(op, from::numbers).in(EXACT));
                });
    }

    private static Call guidedEuler(Arguments from, int tokens, int channels) {
        Tensor latents = from.activation(1, tokens, channels);
        Tensor velocity = from.activation(1, tokens, channels);
        Tensor negative = from.activation(1, tokens, channels);
        Tensor out = from.result(1, tokens, channels);
        Op.GuidedEuler op =
                new Op.GuidedEuler(latents, velocity, negative, GUIDANCE, true, DT, out);
        return Call.of(op, 0, PointwiseFormula.guidedEuler(op, from::numbers).in(EXACT));
    }
}
