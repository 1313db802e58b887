package glance.roofline;

import glance.formula.Arithmetic;
import glance.formula.NormFormula;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;
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
        String name = "headnorm.rope." + text + "+" + image + "x" + heads + "x" + headDim;
        return KernelCase.of(
                name,
                from -> {
                    Tensor words = from.activation(1, text, heads, headDim);
                    Tensor pixels = from.activation(1, image, heads, headDim);
                    Tensor wordWeight = from.parameter(headDim);
                    Tensor pixelWeight = from.parameter(headDim);
                    // any numbers: the work is the same for all angles
                    Rope rope =
                            new Rope(
                                    from.floats(text + image, headDim / 2),
                                    from.floats(text + image, headDim / 2),
                                    Rope.Pairing.INTERLEAVED);
                    Tensor out = from.result(1, text + image, heads, headDim);
                    Op.HeadNormRope op =
                            new Op.HeadNormRope(
                                    List.of(words, pixels),
                                    List.of(wordWeight, pixelWeight),
                                    EPS,
                                    rope,
                                    out);
                    return Call.of(
                            op,
                            0,
                            NormFormula.headNormRope(op, from::numbers).in(Arithmetic.exact()));
                });
    }

    private static KernelCase layerNorm(int tokens, int width) {
        return KernelCase.of(
                "layernorm.modulate." + tokens + "x" + width,
                from -> {
                    Tensor x = from.activation(1, tokens, width);
                    Tensor scale = from.activation(1, width);
                    Tensor shift = from.activation(1, width);
                    Tensor out = from.result(1, tokens, width);
                    Op.LayerNorm op = new Op.LayerNorm(x, null, null, scale, shift, EPS, out);
                    return Call.of(
                            op, 0, NormFormula.layer(op, from::numbers).in(Arithmetic.exact()));
                });
    }
}
