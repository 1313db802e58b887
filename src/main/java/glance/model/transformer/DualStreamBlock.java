package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Modulated;
import glance.nn.Parameters;
import glance.nn.Projections;
import glance.nn.Weight;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

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
    private record Stream(Projections qkv, Weight qNorm, Weight kNorm, Linear out, Mlp mlp) {
        /** That of the image. */
        static Stream image(Parameters a, int dim, int headDim, boolean biased, Mlp mlp) {
            return new Stream(
                    Projections.of(
                            a.linear("to_q", dim, dim, biased),
                            a.linear("to_k", dim, dim, biased),
                            a.linear("to_v", dim, dim, biased)),
                    a.weight("norm_q.weight", headDim),
                    a.weight("norm_k.weight", headDim),
                    a.linear("to_out.0", dim, dim, biased),
                    mlp);
        }

        /** That of the text. */
        static Stream text(Parameters a, int dim, int headDim, boolean biased, Mlp mlp) {
            return new Stream(
                    Projections.of(
                            a.linear("add_q_proj", dim, dim, biased),
                            a.linear("add_k_proj", dim, dim, biased),
                            a.linear("add_v_proj", dim, dim, biased)),
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

    /**
     * The hidden streams, [batch, seqLen, dim] each.
     *
     * @param seen tokens that go through the layers of the image, behind it, with modulation
     *     vectors of their own; null where there are none
     */
    public record Hidden(Tensor image, Tensor text, Tensor seen) {
        /** The two that all models have. */
        public Hidden(Tensor image, Tensor text) {
            this(image, text, null);
        }

        List<Tensor> tensors() {
            return present(image, text, seen);
        }
    }

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
        return all(ops, blocks, in, modulation, List.of(), mask, rope);
    }

    /**
     * The same with tokens that have modulation vectors of their own.
     *
     * @param seen for each block [1, 6 * dim], for {@link Hidden#seen}; empty without
     */
    public static Hidden all(
            Ops ops,
            List<DualStreamBlock> blocks,
            Hidden in,
            Modulation modulation,
            List<Tensor> seen,
            AttentionMask mask,
            Rope rope) {
        Hidden hidden = in;
        for (int i = 0; i < blocks.size(); i++) {
            Vectors vectors =
                    new Vectors(
                            modulation.image().get(i),
                            modulation.text().get(i),
                            seen.isEmpty() ? null : seen.get(i));
            Hidden next = blocks.get(i).checkpointed(ops, hidden, vectors, mask, rope);
            hidden.tensors().forEach(ops::free);
            hidden = next;
        }
        return hidden;
    }

    /**
     * Modulation vectors of a block, [batch or 1, 6 * dim] each.
     *
     * @param seen null without such tokens
     */
    private record Vectors(Tensor image, Tensor text, Tensor seen) {
        List<Tensor> tensors() {
            return present(image, text, seen);
        }
    }

    private static List<Tensor> present(Tensor... tensors) {
        return Arrays.stream(tensors).filter(Objects::nonNull).toList();
    }

    /**
     * Tokens on their way through a block.
     *
     * @param start where they begin in the joint sequence
     * @param attention what modulates the attention
     * @param mlp what modulates the MLP
     */
    private record Lane(Stream layers, Tensor x, int start, Part attention, Part mlp) {
        static Lane of(Stream layers, Tensor x, int start, Tensor vector) {
            return new Lane(layers, x, start, Part.of(vector, 0), Part.of(vector, 1));
        }
    }

    private Hidden forward(Ops ops, Hidden in, Vectors vectors, AttentionMask mask, Rope rope) {
        int textLen = in.text().dim(1);
        List<Lane> lanes = new ArrayList<>();
        lanes.add(Lane.of(image, in.image(), textLen, vectors.image()));
        lanes.add(Lane.of(text, in.text(), 0, vectors.text()));
        if (in.seen() != null) {
            int start = textLen + in.image().dim(1);
            lanes.add(Lane.of(image, in.seen(), start, vectors.seen()));
        }
        try (Scope scope = ops.scope()) {
            Tensor joint = attention(ops, lanes, mask, rope);
            List<Tensor> attended = new ArrayList<>();
            for (Lane lane : lanes) {
                Tensor own = joint.narrow(1, lane.start(), lane.x().dim(1));
                Epilogue gated = Epilogue.gated(lane.attention().gate(), lane.x());
                attended.add(lane.layers().out().forward(ops, own, gated));
            }
            List<Tensor> out = new ArrayList<>();
            for (int i = 0; i < lanes.size(); i++) {
                Lane lane = lanes.get(i);
                out.add(scope.keep(mlp(ops, lane.layers(), attended.get(i), lane.mlp())));
            }
            return new Hidden(out.get(0), out.get(1), out.size() > 2 ? out.get(2) : null);
        }
    }

    /** [batch, seqLen, dim] of the joint sequence. */
    private Tensor attention(Ops ops, List<Lane> lanes, AttentionMask mask, Rope rope) {
        List<Lane> joined = lanes.stream().sorted(Comparator.comparingInt(Lane::start)).toList();
        try (Scope scope = ops.scope()) {
            List<List<Tensor>> qkv = new ArrayList<>();
            for (Lane lane : joined) {
                Part part = lane.attention();
                Modulated x = new Modulated(lane.x(), part.scale(), part.shift(), EPS);
                qkv.add(lane.layers().qkv().forward(ops, x));
            }
            Tensor q = rotated(ops, joined, heads(qkv, 0), Stream::qNorm, rope);
            Tensor k = rotated(ops, joined, heads(qkv, 1), Stream::kNorm, rope);
            Tensor v = ops.concat(1, heads(qkv, 2));
            float scale = (float) (1 / Math.sqrt(headDim));
            Tensor joint = scope.keep(ops.attention(q, k, v, scale, mask));
            return joint.reshape(joint.dim(0), joint.dim(1), numHeads * headDim);
        }
    }

    private static Tensor rotated(
            Ops ops,
            List<Lane> joined,
            List<Tensor> heads,
            Function<Stream, Weight> norm,
            Rope rope) {
        List<Tensor> weights =
                joined.stream().map(lane -> norm.apply(lane.layers()).in(ops)).toList();
        return ops.headNormRope(heads, weights, EPS, rope);
    }

    /** Queries (0), keys (1) or values (2) of all lanes. */
    private List<Tensor> heads(List<List<Tensor>> qkv, int which) {
        return qkv.stream().map(own -> heads(own.get(which))).toList();
    }

    private Hidden checkpointed(
            Ops ops, Hidden in, Vectors vectors, AttentionMask mask, Rope rope) {
        List<Tensor> reads = new ArrayList<>(in.tensors());
        reads.addAll(vectors.tensors());
        if (mask.lengths() != null) {
            reads.add(mask.lengths());
        }
        reads.add(rope.cos());
        reads.add(rope.sin());
        List<Tensor> out =
                ops.checkpoint(reads, () -> forward(ops, in, vectors, mask, rope).tensors());
        return new Hidden(out.get(0), out.get(1), out.size() > 2 ? out.get(2) : null);
    }

    private static Tensor mlp(Ops ops, Stream stream, Tensor x, Part m) {
        try (Scope scope = ops.scope()) {
            Modulated y = new Modulated(x, m.scale(), m.shift(), EPS);
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
