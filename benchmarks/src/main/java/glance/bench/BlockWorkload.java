package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.cases.Cost;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One dual-stream block of Qwen-Image, with the operations that the model calls. The modulation
 * vectors are inputs on both sides: they are computed once per plan, not in the block.
 */
final class BlockWorkload extends Workload {
    private static final float EPS = 1e-6f;

    private final int dim;
    private final int headDim;
    private final Tensor text; // (1, textLen, dim)
    private final Tensor image; // (1, imageLen, dim)
    private final Tensor textMod; // (1, 6 * dim)
    private final Tensor imageMod; // (1, 6 * dim)
    private final Rope rope;
    private final BlockStream textStream;
    private final BlockStream imageStream;
    private final IValue[] arguments;

    BlockWorkload(int textLen, int imageLen, int numHeads, int headDim, DType dtype) {
        super(
                "block %d + %d tokens, hidden %d, %s weights"
                        .formatted(textLen, imageLen, numHeads * headDim, dtype),
                leastWork(textLen + imageLen, numHeads * headDim, dtype));
        this.dim = numHeads * headDim;
        this.headDim = headDim;
        float[] words = values.unit(textLen * dim);
        float[] patches = values.unit(imageLen * dim);
        float[] wordMod = values.uniform(6 * dim, 0.5);
        float[] patchMod = values.uniform(6 * dim, 0.5);
        text = glance.floats(words, 1, textLen, dim);
        image = glance.floats(patches, 1, imageLen, dim);
        textMod = glance.floats(wordMod, 1, 6 * dim);
        imageMod = glance.floats(patchMod, 1, 6 * dim);
        Rotation rotation = new Rotation(values, textLen + imageLen, headDim);
        rope = rotation.engine(glance);
        textStream = new BlockStream(glance, torch, values, dtype, dim, headDim);
        imageStream = new BlockStream(glance, torch, values, dtype, dim, headDim);
        arguments =
                new IValue[] {
                    torch.argument(words, 1, textLen, dim),
                    torch.argument(patches, 1, imageLen, dim),
                    torch.argument(wordMod, 1, 6 * dim),
                    torch.argument(patchMod, 1, 6 * dim),
                    rotation.peer(torch),
                    textStream.peer(),
                    imageStream.peer()
                };
    }

    /** Twelve dim x dim products a token, and attention; the weights of two streams. */
    private static Cost leastWork(int seqLen, int dim, DType dtype) {
        double products = 2.0 * 12 * seqLen * dim * dim;
        double attention = 4.0 * seqLen * seqLen * dim;
        double weights = 2.0 * 12 * dim * dim * dtype.bytes();
        return new Cost(products + attention, weights + 4.0 * 2 * seqLen * dim);
    }

    @Override
    protected Tensor compute(Ops ops) {
        int textLen = text.dim(1);
        int imageLen = image.dim(1);
        Tensor joint;
        try (Scope scope = ops.scope()) {
            Tensor c = ops.layerNormModulate(text, part(textMod, 1), part(textMod, 0), EPS);
            Tensor x = ops.layerNormModulate(image, part(imageMod, 1), part(imageMod, 0), EPS);
            Tensor q =
                    ops.headNormRope(
                            List.of(heads(ops, textStream.q, c), heads(ops, imageStream.q, x)),
                            List.of(textStream.qNorm, imageStream.qNorm),
                            EPS,
                            rope);
            Tensor k =
                    ops.headNormRope(
                            List.of(heads(ops, textStream.k, c), heads(ops, imageStream.k, x)),
                            List.of(textStream.kNorm, imageStream.kNorm),
                            EPS,
                            rope);
            Tensor v =
                    ops.concat(
                            1, List.of(heads(ops, textStream.v, c), heads(ops, imageStream.v, x)));
            float scale = (float) (1 / Math.sqrt(headDim));
            joint = scope.keep(ops.attention(q, k, v, scale, AttentionMask.none()));
        }
        joint = joint.reshape(1, textLen + imageLen, dim);
        Tensor textOut = rest(ops, textStream, joint.narrow(1, 0, textLen), text, textMod);
        Tensor imageOut =
                rest(ops, imageStream, joint.narrow(1, textLen, imageLen), image, imageMod);
        return ops.concat(1, List.of(textOut, imageOut));
    }

    /** Output projection and MLP of one stream. */
    private static Tensor rest(Ops ops, BlockStream w, Tensor attended, Tensor x, Tensor mod) {
        try (Scope scope = ops.scope()) {
            Tensor h = linear(ops, attended, w.out, Epilogue.gated(part(mod, 2), x));
            Tensor y = ops.layerNormModulate(h, part(mod, 4), part(mod, 3), EPS);
            Tensor wide = linear(ops, y, w.up, Epilogue.activation(Activation.GELU_TANH));
            return scope.keep(linear(ops, wide, w.down, Epilogue.gated(part(mod, 5), h)));
        }
    }

    private static Tensor linear(Ops ops, Tensor x, BlockStream.Affine w, Epilogue epilogue) {
        return ops.linear(x, w.weight(), w.bias(), null, epilogue);
    }

    private Tensor heads(Ops ops, BlockStream.Affine w, Tensor x) {
        return linear(ops, x, w, Epilogue.none())
                .reshape(x.dim(0), x.dim(1), dim / headDim, headDim);
    }

    /** Sixth {@code i} of a modulation vector: shift, scale, gate, and again for the MLP. */
    private static Tensor part(Tensor mod, int i) {
        int sixth = mod.dim(1) / 6;
        return mod.narrow(1, i * sixth, sixth);
    }

    @Override
    protected IValue computePeer() {
        return torch.call("block", arguments);
    }
}
