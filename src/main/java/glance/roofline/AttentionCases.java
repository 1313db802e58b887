package glance.roofline;

import glance.formula.Arithmetic;
import glance.formula.AttentionFormula;
import glance.formula.AttentionGradFormula;
import glance.formula.Elements;
import glance.formula.Values;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Joint attention over text and image, forward and backward. */
final class AttentionCases {
    private AttentionCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int heads = scale.count(Shapes.HEADS);
        int headDim = scale.headDim(Shapes.HEAD_DIM);
        Sizes qwen = new Sizes(1, scale.count(Shapes.QWEN_TOKENS), heads, headDim);
        Sizes flux = new Sizes(1, scale.count(Shapes.FLUX_TOKENS), heads, headDim);
        Sizes guided = new Sizes(2, qwen.seqLen, heads, headDim);
        int text = scale.count(Shapes.QWEN_TEXT);
        return Stream.of(
                KernelCase.of("attention.forward." + qwen, from -> forward(from, qwen))
                        .of("attention"),
                KernelCase.of("attention.forward." + flux, from -> forward(from, flux))
                        .of("attention"),
                KernelCase.of("attention.masked." + guided, from -> masked(from, guided, text))
                        .of("attention"),
                KernelCase.of("attention.backward." + qwen, from -> backward(from, qwen))
                        .of("attention_grad"));
    }

    private record Sizes(int batch, int seqLen, int heads, int headDim) {
        Tensor random(Arguments from) {
            return from.activation(batch, seqLen, heads, headDim);
        }

        Tensor result(Arguments from) {
            return from.result(batch, seqLen, heads, headDim);
        }

        /** Of one product of all queries with all keys. */
        double flop() {
            return 2.0 * batch * heads * seqLen * seqLen * headDim;
        }

        @Override
        public String toString() {
            return batch + "x" + seqLen + "x" + heads + "x" + headDim;
        }
    }

    private static Op.Attention attention(
            Arguments from, Sizes sizes, AttentionMask mask, Tensor lse) {
        Tensor q = sizes.random(from);
        Tensor k = sizes.random(from);
        Tensor v = sizes.random(from);
        float scale = (float) (1 / Math.sqrt(sizes.headDim));
        return new Op.Attention(q, k, v, scale, mask, lse, sizes.result(from));
    }

    private static Call forward(Arguments from, Sizes sizes) {
        Op.Attention op = attention(from, sizes, AttentionMask.none(), null);
        return Call.of(
                op,
                2 * sizes.flop(),
                AttentionFormula.of(op, from::numbers).in(Arithmetic.exact()));
    }

    /** Prompt and negative prompt side by side: the second is one token, the rest is padding. */
    private static Call masked(Arguments from, Sizes sizes, int text) {
        int[] lengths = {text, 1};
        AttentionMask mask = AttentionMask.paddedPrefix(text, from.ints(lengths));
        Op.Attention op = attention(from, sizes, mask, null);
        double visible = 1 - (text - 1.0) / (2 * sizes.seqLen);
        Values values = of -> of == mask.lengths() ? b -> lengths[(int) b] : from.numbers(of);
        return Call.of(
                op,
                2 * sizes.flop() * visible,
                AttentionFormula.of(op, values).in(Arithmetic.exact()));
    }

    /** Five products against the forward's two. */
    private static Call backward(Arguments from, Sizes sizes) {
        Tensor lse = from.floatResult(sizes.batch, sizes.heads, sizes.seqLen);
        Op.Attention forward = attention(from, sizes, AttentionMask.none(), lse);
        from.run(forward);
        Tensor dy = sizes.random(from);
        Tensor dq = sizes.result(from);
        Tensor dk = sizes.result(from);
        Tensor dv = sizes.result(from);
        return new Call(
                List.of(new TrainingOp.AttentionGrad(forward, dy, dq, dk, dv)),
                5 * sizes.flop(),
                () -> {
                    Elements y = from.read(forward.out());
                    Elements rows = from.read(lse);
                    AttentionGradFormula gradient =
                            new AttentionGradFormula(
                                    AttentionFormula.of(forward, from::numbers),
                                    from.numbers(dy),
                                    m -> y,
                                    m -> rows);
                    Arithmetic exact = Arithmetic.exact();
                    return List.of(
                            new Call.Claim(dq, gradient.dq().in(exact)),
                            new Call.Claim(dk, gradient.dk().in(exact)),
                            new Call.Claim(dv, gradient.dv().in(exact)));
                });
    }
}
