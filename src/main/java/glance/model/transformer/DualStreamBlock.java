package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.Weight;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One dual-stream block (Esser et al., arXiv 2403.03206) as Qwen-Image and FLUX have it: image and
 * text have their own weights and meet in one attention, over RMS-normed and rotated heads.
 *
 * <pre>
 *   x  = x + gate1 * proj(attention(modulate1(norm(x))))
 *   x  = x + gate2 * mlp(modulate2(norm(x)))             for both streams
 * </pre>
 */
public final class DualStreamBlock {
    private static final float EPS = 1e-6f;

    /** What one stream owns. */
    private record Stream(
            Linear q, Linear k, Linear v, Weight qNorm, Weight kNorm, Linear out, Mlp mlp) {
        /** That of the image. */
        static Stream image(Parameters a, int dim, int headDim, boolean biased, Mlp mlp) {
            return new Stream(
                    a.linear("to_q", dim, dim, biased),
                    a.linear("to_k", dim, dim, biased),
                    a.linear("to_v", dim, dim, biased),
                    a.weight("norm_q.weight", headDim),
                    a.weight("norm_k.weight", headDim),
                    a.linear("to_out.0", dim, dim, biased),
                    mlp);
        }

        /** That of the text. */
        static Stream text(Parameters a, int dim, int headDim, boolean biased, Mlp mlp) {
            return new Stream(
                    a.linear("add_q_proj", dim, dim, biased),
                    a.linear("add_k_proj", dim, dim, biased),
                    a.linear("add_v_proj", dim, dim, biased),
                    a.weight("norm_added_q.weight", headDim),
                    a.weight("norm_added_k.weight", headDim),
                    a.linear("to_add_out", dim, dim, biased),
                    mlp);
        }
    }

    private final int numHeads;
    private final int headDim;
    private final Stream image;
    private final Stream text;
    private final Linear imageModulation; // null where the model has one for all blocks
    private final Linear textModulation;

    /**
     * What families call the layers around the attention, below the name of the block.
     *
     * @param imageModulation linear layer that makes the image's modulation vector
     * @param textModulation the same for the text
     * @param imageMlp holds {@code net.0.proj} and {@code net.2}
     * @param textMlp the same for the text
     */
    public record Names(
            String imageModulation, String textModulation, String imageMlp, String textMlp) {}

    /** Takes the block's weights from {@code p}. */
    public DualStreamBlock(int numHeads, int headDim, Names names, Parameters p) {
        this.numHeads = numHeads;
        this.headDim = headDim;
        int dim = numHeads * headDim;
        imageModulation = p.conditioning().linear(names.imageModulation(), dim, 6 * dim);
        textModulation = p.conditioning().linear(names.textModulation(), dim, 6 * dim);
        Parameters a = p.in("attn");
        image = Stream.image(a, dim, headDim, true, Mlp.gelu(p.in(names.imageMlp()), dim));
        text = Stream.text(a, dim, headDim, true, Mlp.gelu(p.in(names.textMlp()), dim));
    }

    /**
     * A block without biases and modulation of its own, with gated MLPs, as FLUX.2 has it.
     *
     * @param mlpDim inner width of the MLPs
     */
    public DualStreamBlock(int numHeads, int headDim, int mlpDim, Parameters p) {
        this.numHeads = numHeads;
        this.headDim = headDim;
        int dim = numHeads * headDim;
        imageModulation = null;
        textModulation = null;
        Parameters a = p.in("attn");
        image = Stream.image(a, dim, headDim, false, Mlp.swiGlu(p.in("ff"), dim, mlpDim));
        text = Stream.text(a, dim, headDim, false, Mlp.swiGlu(p.in("ff_context"), dim, mlpDim));
    }

    /** [steps, 6 * dim] from silu(timestep embedding) [steps, dim]. */
    public Tensor imageModulation(Ops ops, Tensor embedding) {
        return imageModulation.forward(ops, embedding);
    }

    /** [steps, 6 * dim] from silu(timestep embedding) [steps, dim]. */
    public Tensor textModulation(Ops ops, Tensor embedding) {
        return textModulation.forward(ops, embedding);
    }

    /** The two hidden streams, [batch, seqLen, dim] each. */
    public record Hidden(Tensor image, Tensor text) {}

    /**
     * Runs blocks one after the other. Their inner results are not kept by training but computed
     * again.
     *
     * @param in freed on the way
     */
    public static Hidden all(
            Ops ops,
            List<DualStreamBlock> blocks,
            Hidden in,
            Modulation modulation,
            AttentionMask mask,
            Rope rope) {
        Hidden hidden = in;
        for (int i = 0; i < blocks.size(); i++) {
            Tensor image = modulation.image().get(i);
            Tensor text = modulation.text().get(i);
            Hidden next = blocks.get(i).checkpointed(ops, hidden, image, text, mask, rope);
            ops.free(hidden.image());
            ops.free(hidden.text());
            hidden = next;
        }
        return hidden;
    }

    /**
     * Runs the block.
     *
     * @param imageMod [batch or 1, 6 * dim]
     * @param textMod [batch or 1, 6 * dim]
     * @param mask over the joint sequence, text first
     */
    public Hidden forward(
            Ops ops, Hidden in, Tensor imageMod, Tensor textMod, AttentionMask mask, Rope rope) {
        try (Scope scope = ops.scope()) {
            Part i1 = Part.of(imageMod, 0);
            Part i2 = Part.of(imageMod, 1);
            Part t1 = Part.of(textMod, 0);
            Part t2 = Part.of(textMod, 1);
            int textLen = in.text().dim(1);
            int imageLen = in.image().dim(1);

            Tensor joint;
            try (Scope inner = ops.scope()) {
                Tensor x = ops.layerNormModulate(in.image(), i1.scale(), i1.shift(), EPS);
                Tensor c = ops.layerNormModulate(in.text(), t1.scale(), t1.shift(), EPS);
                Tensor q =
                        ops.headNormRope(
                                List.of(
                                        heads(text.q().forward(ops, c)),
                                        heads(image.q().forward(ops, x))),
                                List.of(text.qNorm().in(ops), image.qNorm().in(ops)),
                                EPS,
                                rope);
                Tensor k =
                        ops.headNormRope(
                                List.of(
                                        heads(text.k().forward(ops, c)),
                                        heads(image.k().forward(ops, x))),
                                List.of(text.kNorm().in(ops), image.kNorm().in(ops)),
                                EPS,
                                rope);
                Tensor v =
                        ops.concat(
                                1,
                                List.of(
                                        heads(text.v().forward(ops, c)),
                                        heads(image.v().forward(ops, x))));
                float scale = (float) (1 / Math.sqrt(headDim));
                joint = inner.keep(ops.attention(q, k, v, scale, mask));
            }
            joint = joint.reshape(joint.dim(0), joint.dim(1), numHeads * headDim);
            Tensor image1 =
                    image.out()
                            .forward(
                                    ops,
                                    joint.narrow(1, textLen, imageLen),
                                    Epilogue.gated(i1.gate(), in.image()));
            Tensor text1 =
                    text.out()
                            .forward(
                                    ops,
                                    joint.narrow(1, 0, textLen),
                                    Epilogue.gated(t1.gate(), in.text()));
            Tensor imageOut = scope.keep(mlp(ops, image, image1, i2));
            Tensor textOut = scope.keep(mlp(ops, text, text1, t2));
            return new Hidden(imageOut, textOut);
        }
    }

    private Hidden checkpointed(
            Ops ops, Hidden in, Tensor imageMod, Tensor textMod, AttentionMask mask, Rope rope) {
        List<Tensor> reads = new ArrayList<>(List.of(in.image(), in.text(), imageMod, textMod));
        if (mask.lengths() != null) {
            reads.add(mask.lengths());
        }
        reads.add(rope.cos());
        reads.add(rope.sin());
        List<Tensor> out =
                ops.checkpoint(
                        reads,
                        () -> {
                            Hidden h = forward(ops, in, imageMod, textMod, mask, rope);
                            return List.of(h.image(), h.text());
                        });
        return new Hidden(out.get(0), out.get(1));
    }

    private static Tensor mlp(Ops ops, Stream stream, Tensor x, Part m) {
        try (Scope scope = ops.scope()) {
            Tensor y = ops.layerNormModulate(x, m.scale(), m.shift(), EPS);
            return scope.keep(stream.mlp().forward(ops, y, Epilogue.gated(m.gate(), x)));
        }
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), numHeads, headDim);
    }

    /** Shift, scale and gate, [batch or 1, dim] each, as views on a modulation vector. */
    private record Part(Tensor shift, Tensor scale, Tensor gate) {
        /** The attention's ({@code which} 0) or the MLP's (1) third of [rows, 6 * dim]. */
        static Part of(Tensor vector, int which) {
            int dim = vector.dim(1) / 6;
            int start = 3 * dim * which;
            return new Part(
                    vector.narrow(1, start, dim),
                    vector.narrow(1, start + dim, dim),
                    vector.narrow(1, start + 2 * dim, dim));
        }
    }
}
