package glance.roofline;

import glance.cases.AttentionCase;
import java.util.stream.Stream;

/** Joint attention over text and image, forward and backward. */
final class AttentionCases {
    private static final String FORWARD = "attention";
    private static final String GRADIENT = "attention_grad";

    private AttentionCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int qwen = scale.count(Shapes.QWEN_TOKENS);
        int text = scale.count(Shapes.QWEN_TEXT);
        AttentionCase joint = self(scale, 1, qwen);
        AttentionCase flux = self(scale, 1, scale.count(Shapes.FLUX_TOKENS));
        // prompt and negative prompt side by side: the second is one token, the rest is padding
        AttentionCase guided = self(scale, 2, qwen).padded(text, text, 1);
        return Stream.of(
                KernelCase.of(name("forward", joint), joint::forward).of(FORWARD),
                KernelCase.of(name("forward", flux), flux::forward).of(FORWARD),
                KernelCase.of(name("masked.t" + text, guided), guided::forward).of(FORWARD),
                KernelCase.ofSeveral(name("backward", joint), joint::gradients).of(GRADIENT));
    }

    private static AttentionCase self(Scale scale, int batch, int seqLen) {
        return AttentionCase.self(
                batch, seqLen, scale.count(Shapes.HEADS), scale.headDim(Shapes.HEAD_DIM));
    }

    private static String name(String what, AttentionCase of) {
        return String.format(
                "attention.%s.%dx%dx%dx%d",
                what, of.batch(), of.seqLen(), of.numHeads(), of.headDim());
    }
}
