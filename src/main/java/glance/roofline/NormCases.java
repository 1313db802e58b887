package glance.roofline;

import glance.cases.HeadNormRopeCase;
import glance.op.Rope;
import java.util.List;
import java.util.stream.Stream;

/** Norms of the transformer blocks: of heads with rotary positions, and the adaptive LayerNorm. */
final class NormCases {
    private static final float EPS = 1e-6f;

    private NormCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int image = scale.count(Shapes.IMAGE_TOKENS);
        int width = scale.width(Shapes.HIDDEN);
        return Stream.of(
                headNormRope(scale, scale.count(Shapes.QWEN_TEXT), image),
                headNormRope(scale, scale.count(Shapes.FLUX_TEXT), image),
                layerNorm(image, width),
                layerNorm(scale.count(Shapes.FLUX_TOKENS), width));
    }

    private static KernelCase headNormRope(Scale scale, int text, int image) {
        int heads = scale.count(Shapes.HEADS);
        int headDim = scale.headDim(Shapes.HEAD_DIM);
        HeadNormRopeCase norm =
                new HeadNormRopeCase(
                        1,
                        List.of(text, image),
                        heads,
                        headDim,
                        List.of(true, true),
                        Rope.Pairing.INTERLEAVED,
                        false);
        return KernelCase.of(
                "headnorm.rope." + text + "+" + image + "x" + heads + "x" + headDim, norm::forward);
    }

    private static KernelCase layerNorm(int tokens, int width) {
        return KernelCase.of(
                "layernorm.modulate." + tokens + "x" + width,
                a ->
                        a.ops()
                                .layerNormModulate(
                                        a.activation(1, tokens, width),
                                        a.activation(1, width),
                                        a.activation(1, width),
                                        EPS));
    }
}
