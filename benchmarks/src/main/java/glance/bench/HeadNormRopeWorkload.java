package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.cases.Cost;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;

/** RMSNorm over heads, rotary positions, and joining text and image: queries or keys of a block. */
final class HeadNormRopeWorkload extends Workload {
    private static final float EPS = 1e-6f;

    private final List<Tensor> streams; // (1, seqLen_i, numHeads, headDim)
    private final List<Tensor> weights; // (headDim)
    private final Rope rope;
    private final IValue[] arguments;

    HeadNormRopeWorkload(int textLen, int imageLen, int numHeads, int headDim) {
        super(
                "head RMS norm + rope %d + %d tokens, %d heads of %d"
                        .formatted(textLen, imageLen, numHeads, headDim),
                new Cost(0, 4.0 * (textLen + imageLen) * (2 * numHeads + 1) * headDim));
        float[] text = values.unit(textLen * numHeads * headDim);
        float[] image = values.unit(imageLen * numHeads * headDim);
        float[] textWeight = values.uniform(headDim, 1);
        float[] imageWeight = values.uniform(headDim, 1);
        Rotation rotation = new Rotation(values, textLen + imageLen, headDim);
        streams =
                List.of(
                        glance.floats(text, 1, textLen, numHeads, headDim),
                        glance.floats(image, 1, imageLen, numHeads, headDim));
        weights =
                List.of(
                        glance.weight(DType.F32, textWeight, headDim),
                        glance.weight(DType.F32, imageWeight, headDim));
        rope = rotation.engine(glance);
        arguments =
                new IValue[] {
                    torch.argument(text, 1, textLen, numHeads, headDim),
                    torch.argument(image, 1, imageLen, numHeads, headDim),
                    torch.argument(textWeight, headDim),
                    torch.argument(imageWeight, headDim),
                    rotation.peer(torch)
                };
    }

    @Override
    protected Tensor compute(Ops ops) {
        return ops.headNormRope(streams, weights, EPS, rope);
    }

    @Override
    protected IValue computePeer() {
        return torch.call("head_norm_rope", arguments);
    }
}
