package glance.roofline;

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
                    return Call.of(op, 0, formula(from, op));
                });
    }

    private static Elements formula(Arguments from, Op.HeadNormRope op) {
        int headDim = op.out().dim(3);
        Elements cos = from.numbers(op.rope().cos());
        Elements sin = from.numbers(op.rope().sin());
        long firstLen = op.streams().get(0).numel();
        return index -> {
            int stream = index < firstLen ? 0 : 1;
            Elements x = from.numbers(op.streams().get(stream));
            Elements weight = from.numbers(op.weights().get(stream));
            long start = (index - stream * firstLen) / headDim * headDim;
            double square = Functions.dot(x, start, 1, x, start, 1, headDim) / headDim;
            double inverse = 1 / Math.sqrt(square + op.eps());
            int element = (int) (index % headDim);
            int even = element - element % 2;
            double a = x.at(start + even) * inverse * weight.at(even);
            double b = x.at(start + even + 1) * inverse * weight.at(even + 1);
            long turn = index / headDim / op.out().dim(2) * (headDim / 2) + element / 2;
            return element == even
                    ? a * cos.at(turn) - b * sin.at(turn)
                    : a * sin.at(turn) + b * cos.at(turn);
        };
    }

    private static KernelCase layerNorm(int tokens, int width) {
        return KernelCase.of(
                "layernorm.modulate." + tokens + "x" + width,
                from -> {
                    Tensor x = from.activation(1, tokens, width);
                    Tensor scale = from.activation(1, width);
                    Tensor shift = from.activation(1, width);
                    Tensor out = from.result(1, tokens, width);
                    Elements values = from.numbers(x);
                    Elements factor = from.numbers(scale);
                    Elements addend = from.numbers(shift);
                    Elements expected =
                            index -> {
                                long start = index / width * width;
                                Moments m = Moments.of(values, start, width);
                                double norm = (values.at(index) - m.mean()) * m.inverse(EPS);
                                long column = index % width;
                                return norm * (1 + factor.at(column)) + addend.at(column);
                            };
                    return Call.of(
                            new Op.LayerNorm(x, null, null, scale, shift, EPS, out), 0, expected);
                });
    }
}
