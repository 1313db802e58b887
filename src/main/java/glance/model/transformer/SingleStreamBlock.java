package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Modulated;
import glance.nn.Parameters;
import glance.nn.Projections;
import glance.nn.RmsNorm;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One single-stream block as FLUX has it: text and image as one sequence, attention and MLP side by
 * side.
 *
 * <pre>
 *   y = modulate(norm(x))
 *   x = x + gate * proj([attention(y), act(mlp(y))])
 * </pre>
 */
public final class SingleStreamBlock {
    private static final float EPS = 1e-6f;

    /** What a block makes of its normed input, [batch, seqLen, dim or mlpDim] each. */
    private record Projected(Tensor q, Tensor k, Tensor v, Tensor wide) {}

    /** How it is made. */
    private interface Projecting {
        Projected of(Ops ops, Modulated y);
    }

    private final int numHeads;
    private final int headDim;
    private final Linear modulation; // null where the model has one for all blocks
    private final Projecting projecting;
    private final RmsNorm qNorm;
    private final RmsNorm kNorm;
    private final Linear out;

    /** Takes the weights of a block of FLUX.1 from {@code p}. */
    public SingleStreamBlock(int numHeads, int headDim, Parameters p) {
        this.numHeads = numHeads;
        this.headDim = headDim;
        int dim = numHeads * headDim;
        modulation = p.conditioning().linear("norm.linear", dim, 3 * dim);
        Parameters a = p.in("attn");
        Projections products =
                Projections.of(
                        a.linear("to_q", dim, dim),
                        a.linear("to_k", dim, dim),
                        a.linear("to_v", dim, dim),
                        p.linear("proj_mlp", dim, 4 * dim));
        qNorm = a.rmsNorm("norm_q", headDim, EPS);
        kNorm = a.rmsNorm("norm_k", headDim, EPS);
        Epilogue plain = Epilogue.none();
        List<Epilogue> epilogues =
                List.of(plain, plain, plain, Epilogue.activation(Activation.GELU_TANH));
        projecting =
                (ops, y) -> {
                    List<Tensor> made = products.forward(ops, y, epilogues);
                    return new Projected(made.get(0), made.get(1), made.get(2), made.get(3));
                };
        out = p.linear("proj_out", 5 * dim, dim);
    }

    /**
     * A block of FLUX.2: without biases and modulation of its own, with a gated MLP, and with one
     * product for all that is made of the input.
     *
     * @param mlpDim inner width of the MLP
     */
    public SingleStreamBlock(int numHeads, int headDim, int mlpDim, Parameters p) {
        this.numHeads = numHeads;
        this.headDim = headDim;
        int dim = numHeads * headDim;
        modulation = null;
        Parameters a = p.in("attn");
        Linear fused = a.linearNoBias("to_qkv_mlp_proj", dim, 3 * dim + 2 * mlpDim);
        qNorm = a.rmsNorm("norm_q", headDim, EPS);
        kNorm = a.rmsNorm("norm_k", headDim, EPS);
        projecting =
                (ops, y) -> {
                    Tensor all = fused.forward(ops, y, Epilogue.none());
                    return new Projected(
                            all.narrow(2, 0, dim),
                            all.narrow(2, dim, dim),
                            all.narrow(2, 2 * dim, dim),
                            Mlp.swiGlu(ops, all.narrow(2, 3 * dim, 2 * mlpDim)));
                };
        out = a.linearNoBias("to_out", dim + mlpDim, dim);
    }

    /** [rows, 3 * dim] from silu(conditioning) [rows, dim]. */
    public Tensor modulation(Ops ops, Tensor embedding) {
        return modulation.forward(ops, embedding);
    }

    /**
     * Runs blocks one after the other. Their inner results are not kept by training but computed
     * again.
     *
     * @param in [batch, textLen + imageLen, dim], freed on the way
     * @param modulation [batch or 1, 3 * dim] of each block
     */
    public static Tensor all(
            Ops ops,
            List<SingleStreamBlock> blocks,
            Tensor in,
            List<Tensor> modulation,
            Rope rope) {
        Tensor x = in;
        for (int i = 0; i < blocks.size(); i++) {
            Tensor next = blocks.get(i).checkpointed(ops, x, modulation.get(i), rope);
            ops.free(x);
            x = next;
        }
        return x;
    }

    private Tensor checkpointed(Ops ops, Tensor x, Tensor mod, Rope rope) {
        List<Tensor> reads = List.of(x, mod, rope.cos(), rope.sin());
        return ops.checkpoint(reads, () -> List.of(forward(ops, x, mod, rope))).get(0);
    }

    private Tensor forward(Ops ops, Tensor x, Tensor mod, Rope rope) {
        int dim = numHeads * headDim;
        try (Scope scope = ops.scope()) {
            Tensor both;
            try (Scope inner = ops.scope()) {
                Modulated y = new Modulated(x, mod.narrow(1, dim, dim), mod.narrow(1, 0, dim), EPS);
                Projected projected = projecting.of(ops, y);
                Tensor attended =
                        ops.attention(
                                qNorm.heads(ops, heads(projected.q()), rope),
                                kNorm.heads(ops, heads(projected.k()), rope),
                                heads(projected.v()),
                                (float) (1 / Math.sqrt(headDim)),
                                AttentionMask.none());
                Tensor joined = attended.reshape(x.dim(0), x.dim(1), dim);
                both = inner.keep(ops.concat(2, List.of(joined, projected.wide())));
            }
            Epilogue gated = Epilogue.gated(mod.narrow(1, 2 * dim, dim), x);
            return scope.keep(out.forward(ops, both, gated));
        }
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), numHeads, headDim);
    }
}
