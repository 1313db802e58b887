package glance.model.sd3;

import glance.nn.Linear;
import glance.nn.Modulated;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One joint block (Esser et al., arXiv 2403.03206): image and text have their own weights and meet
 * in one attention. In some blocks the image also attends to itself alone; the last block drops the
 * text after reading it.
 */
final class Sd3Block {
    private static final float EPS = 1e-6f;

    /** The two hidden streams, [batch, seqLen, dim] each; text is null after the last block. */
    record Hidden(Tensor image, Tensor text) {}

    private record Mlp(Linear up, Linear down) {
        static Mlp of(Parameters p, String name, int dim) {
            return new Mlp(
                    p.linear(name + ".net.0.proj", dim, 4 * dim),
                    p.linear(name + ".net.2", 4 * dim, dim));
        }
    }

    private final int dim;
    private final Linear imageModulation;
    private final Linear textModulation;
    private final Sd3Attention image;
    private final Sd3Attention text;
    private final Sd3Attention second; // null without
    private final Linear imageOut;
    private final Linear textOut; // null in the last block
    private final Linear secondOut; // null without a second attention
    private final Mlp imageMlp;
    private final Mlp textMlp; // null in the last block

    Sd3Block(Sd3Config config, int layer, Parameters p) {
        dim = config.hiddenDim();
        boolean dual = config.dualAttentionLayers().contains(layer);
        boolean last = config.isLast(layer);
        imageModulation = p.conditioning().linear("norm1.linear", dim, (dual ? 9 : 6) * dim);
        textModulation = p.conditioning().linear("norm1_context.linear", dim, (last ? 2 : 6) * dim);
        Parameters a = p.in("attn");
        image = Sd3Attention.ofImage(config, a);
        text = Sd3Attention.ofText(config, a);
        imageOut = a.linear("to_out.0", dim, dim);
        textOut = last ? null : a.linear("to_add_out", dim, dim);
        second = dual ? Sd3Attention.ofImage(config, p.in("attn2")) : null;
        secondOut = dual ? p.linear("attn2.to_out.0", dim, dim) : null;
        imageMlp = Mlp.of(p, "ff", dim);
        textMlp = last ? null : Mlp.of(p, "ff_context", dim);
    }

    /** [rows, 6 * dim], or 9 * dim, from silu(conditioning) [rows, dim]. */
    Tensor imageModulation(Ops ops, Tensor embedding) {
        return imageModulation.forward(ops, embedding);
    }

    /** [rows, 6 * dim], in the last block 2 * dim, from silu(conditioning) [rows, dim]. */
    Tensor textModulation(Ops ops, Tensor embedding) {
        return textModulation.forward(ops, embedding);
    }

    /** Runs the block; its inner results are not kept by training but computed again. */
    Hidden checkpointed(Ops ops, Hidden in, Tensor imageMod, Tensor textMod) {
        List<Tensor> out =
                ops.checkpoint(
                        List.of(in.image(), in.text(), imageMod, textMod),
                        () -> forward(ops, in, imageMod, textMod));
        return new Hidden(out.get(0), textOut == null ? null : out.get(1));
    }

    /** The image's stream and, but for the last block, the text's. */
    private List<Tensor> forward(Ops ops, Hidden in, Tensor imageMod, Tensor textMod) {
        try (Scope scope = ops.scope()) {
            Modulated x = modulated(in.image(), imageMod, 0);
            Modulated c =
                    textOut == null
                            ? new Modulated(in.text(), part(textMod, 0), part(textMod, 1), EPS)
                            : modulated(in.text(), textMod, 0);
            // also in the last block, which drops what the text attended to: its adapters then get
            // the same (zero) gradients and the same weight decay as in the reference
            Sd3Attention.Heads texts = text.heads(ops, c);
            Sd3Attention.Heads images = image.heads(ops, x);
            Tensor joint =
                    Sd3Attention.attend(
                            ops,
                            ops.concat(1, List.of(texts.q(), images.q())),
                            ops.concat(1, List.of(texts.k(), images.k())),
                            ops.concat(1, List.of(texts.v(), images.v())));
            int textLen = in.text().dim(1);
            List<Tensor> results = new ArrayList<>();
            if (textOut != null) {
                Epilogue gated = Epilogue.gated(part(textMod, 2), in.text());
                Tensor attended = textOut.forward(ops, joint.narrow(1, 0, textLen), gated);
                results.add(scope.keep(mlp(ops, textMlp, attended, textMod)));
            }
            Tensor imageHeads = joint.narrow(1, textLen, in.image().dim(1));
            Tensor attended =
                    imageOut.forward(
                            ops, imageHeads, Epilogue.gated(part(imageMod, 2), in.image()));
            if (second != null) {
                Tensor alone = second.overItself(ops, modulated(in.image(), imageMod, 6));
                attended =
                        secondOut.forward(ops, alone, Epilogue.gated(part(imageMod, 8), attended));
            }
            results.add(0, scope.keep(mlp(ops, imageMlp, attended, imageMod)));
            return results;
        }
    }

    private Tensor mlp(Ops ops, Mlp mlp, Tensor x, Tensor modulation) {
        Modulated y = modulated(x, modulation, 3);
        Tensor wide = mlp.up().forward(ops, y, Epilogue.activation(Activation.GELU_TANH));
        return mlp.down().forward(ops, wide, Epilogue.gated(part(modulation, 5), x));
    }

    /** Shift and scale are the parts {@code at} and {@code at + 1} of the vector. */
    private Modulated modulated(Tensor x, Tensor modulation, int at) {
        return new Modulated(x, part(modulation, at + 1), part(modulation, at), EPS);
    }

    private Tensor part(Tensor modulation, int index) {
        return modulation.narrow(1, index * dim, dim);
    }
}
