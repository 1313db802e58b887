package glance.roofline;

import glance.op.Activation;
import java.util.stream.Stream;

/** Kernels that only pass over their arguments, and the sampler's step. */
final class PointwiseCases {
    private static final float GUIDANCE = 4;

    /** Columns that ConvRot rotates together, and fewer for what is shrunk. */
    private static final int ROTATED = 256;

    private static final int ROTATED_SHRUNK = 16;

    private static final float DT = -0.125f;

    private PointwiseCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int image = scale.count(Shapes.IMAGE_TOKENS);
        int hidden = scale.width(Shapes.HIDDEN);
        int mlp = scale.width(Shapes.MLP);
        int channels = scale.width(Shapes.LATENT_CHANNELS);
        int rotated = hidden % ROTATED == 0 ? ROTATED : ROTATED_SHRUNK;
        return Stream.of(
                KernelCase.of(
                        "copy." + image + "x" + mlp, a -> a.ops().pack(a.activation(image, mlp))),
                KernelCase.of(
                        "gate.residual." + image + "x" + hidden,
                        a ->
                                a.ops()
                                        .gateResidual(
                                                a.activation(1, image, hidden),
                                                a.activation(1, hidden),
                                                a.activation(1, image, hidden))),
                KernelCase.of(
                        "rotate." + image + "x" + hidden,
                        a -> a.ops().rotate(a.activation(1, image, hidden), rotated, null)),
                activation(Activation.GELU_TANH, "gelu", image, mlp),
                activation(Activation.SILU, "silu", image, mlp),
                KernelCase.of(
                        "guided.euler." + image + "x" + channels,
                        a ->
                                a.ops()
                                        .guidedEuler(
                                                a.activation(1, image, channels),
                                                a.activation(1, image, channels),
                                                a.activation(1, image, channels),
                                                GUIDANCE,
                                                true,
                                                0,
                                                DT)));
    }

    private static KernelCase activation(
            Activation activation, String name, int tokens, int width) {
        return KernelCase.of(
                name + "." + tokens + "x" + width,
                a -> a.ops().activation(activation, a.activation(1, tokens, width)));
    }
}
