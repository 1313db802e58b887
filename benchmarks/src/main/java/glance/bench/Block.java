package glance.bench;

import glance.cases.Arguments;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One dual-stream block of Qwen-Image, with the operations that the model calls. The modulation
 * vectors are arguments: they are computed once per plan, not in the block.
 *
 * @param weights dtype of the weights
 */
record Block(int textLen, int imageLen, int numHeads, int headDim, DType weights) {
    private static final float EPS = 1e-6f;

    /** A product with its bias. */
    private record Affine(Tensor weight, Tensor bias) {}

    /**
     * Weights of one stream, drawn in the order of the lists {@code t} and {@code i} in peer.py.
     */
    private final class Stream {
        private final Affine q;
        private final Affine k;
        private final Affine v;
        private final Tensor qNorm; // (headDim)
        private final Tensor kNorm; // (headDim)
        private final Affine out;
        private final Affine up;
        private final Affine down;

        Stream(Arguments a) {
            int dim = numHeads * headDim;
            q = affine(a, dim, dim);
            k = affine(a, dim, dim);
            v = affine(a, dim, dim);
            qNorm = a.weight(DType.F32, headDim);
            kNorm = a.weight(DType.F32, headDim);
            out = affine(a, dim, dim);
            up = affine(a, 4 * dim, dim);
            down = affine(a, dim, 4 * dim);
        }

        private Affine affine(Arguments a, int outDim, int inDim) {
            return new Affine(a.weight(weights, outDim, inDim), a.weight(DType.F32, outDim));
        }
    }

    Tensor forward(Arguments a) {
        int dim = numHeads * headDim;
        Tensor text = a.activation(1, textLen, dim);
        Tensor image = a.activation(1, imageLen, dim);
        Tensor textMod = a.activation(x -> x / 4, 1, 6 * dim);
        Tensor imageMod = a.activation(x -> x / 4, 1, 6 * dim);
        Tensor cos = a.activation(Math::cos, textLen + imageLen, headDim / 2);
        Tensor sin = a.activation(Math::sin, textLen + imageLen, headDim / 2);
        Rope rope = new Rope(cos, sin, Rope.Pairing.INTERLEAVED);
        Stream t = new Stream(a);
        Stream i = new Stream(a);

        Ops ops = a.ops();
        Tensor c = ops.layerNormModulate(text, part(textMod, 1), part(textMod, 0), EPS);
        Tensor x = ops.layerNormModulate(image, part(imageMod, 1), part(imageMod, 0), EPS);
        Tensor q =
                ops.headNormRope(
                        List.of(heads(ops, t.q, c), heads(ops, i.q, x)),
                        List.of(t.qNorm, i.qNorm),
                        EPS,
                        rope);
        Tensor k =
                ops.headNormRope(
                        List.of(heads(ops, t.k, c), heads(ops, i.k, x)),
                        List.of(t.kNorm, i.kNorm),
                        EPS,
                        rope);
        Tensor v = ops.concat(1, List.of(heads(ops, t.v, c), heads(ops, i.v, x)));
        float scale = (float) (1 / Math.sqrt(headDim));
        Tensor joint =
                ops.attention(q, k, v, scale, AttentionMask.none())
                        .reshape(1, textLen + imageLen, dim);
        Tensor textOut = rest(ops, t, joint.narrow(1, 0, textLen), text, textMod);
        Tensor imageOut = rest(ops, i, joint.narrow(1, textLen, imageLen), image, imageMod);
        return ops.concat(1, List.of(textOut, imageOut));
    }

    /** Output projection and MLP of one stream. */
    private static Tensor rest(Ops ops, Stream w, Tensor attended, Tensor x, Tensor mod) {
        Tensor h = linear(ops, attended, w.out, Epilogue.gated(part(mod, 2), x));
        Tensor y = ops.layerNormModulate(h, part(mod, 4), part(mod, 3), EPS);
        Tensor wide = linear(ops, y, w.up, Epilogue.activation(Activation.GELU_TANH));
        return linear(ops, wide, w.down, Epilogue.gated(part(mod, 5), h));
    }

    private static Tensor linear(Ops ops, Tensor x, Affine w, Epilogue epilogue) {
        return ops.linear(x, w.weight(), w.bias(), null, epilogue);
    }

    private Tensor heads(Ops ops, Affine w, Tensor x) {
        return linear(ops, x, w, Epilogue.none()).reshape(1, x.dim(1), numHeads, headDim);
    }

    /** Sixth {@code i} of a modulation vector: shift, scale, gate, and again for the MLP. */
    private static Tensor part(Tensor mod, int i) {
        int sixth = mod.dim(1) / 6;
        return mod.narrow(1, i * sixth, sixth);
    }
}
