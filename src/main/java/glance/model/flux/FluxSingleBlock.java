package glance.model.flux;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.Weight;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One single-stream block: text and image as one sequence, attention and MLP side by side.
 *
 * <pre>
 *   y = modulate(norm(x))
 *   x = x + gate * proj([attention(y), gelu(mlp(y))])
 * </pre>
 */
final class FluxSingleBlock {
    private static final float EPS = 1e-6f;

    private final int numHeads;
    private final int headDim;
    private final Linear modulation;
    private final Linear q;
    private final Linear k;
    private final Linear v;
    private final Weight qNorm;
    private final Weight kNorm;
    private final Linear mlp;
    private final Linear out;

    FluxSingleBlock(FluxConfig config, Parameters p) {
        numHeads = config.numHeads();
        headDim = config.headDim();
        int dim = config.hiddenDim();
        modulation = p.conditioning().linear("norm.linear", dim, 3 * dim);
        Parameters a = p.in("attn");
        q = a.linear("to_q", dim, dim);
        k = a.linear("to_k", dim, dim);
        v = a.linear("to_v", dim, dim);
        qNorm = a.weight("norm_q.weight", headDim);
        kNorm = a.weight("norm_k.weight", headDim);
        mlp = p.linear("proj_mlp", dim, 4 * dim);
        out = p.linear("proj_out", 5 * dim, dim);
    }

    /** [rows, 3 * dim] from silu(conditioning) [rows, dim]. */
    Tensor modulation(Ops ops, Tensor embedding) {
        return modulation.forward(ops, embedding);
    }

    /**
     * Runs the block; its inner results are not kept by training but computed again.
     *
     * @param x [batch, textLen + imageLen, dim]
     * @param mod [batch or 1, 3 * dim]
     */
    Tensor checkpointed(Ops ops, Tensor x, Tensor mod, Rope rope) {
        List<Tensor> reads = List.of(x, mod, rope.cos(), rope.sin());
        return ops.checkpoint(reads, () -> List.of(forward(ops, x, mod, rope))).get(0);
    }

    private Tensor forward(Ops ops, Tensor x, Tensor mod, Rope rope) {
        int dim = numHeads * headDim;
        try (Scope scope = ops.scope()) {
            Tensor both;
            try (Scope inner = ops.scope()) {
                Tensor y =
                        ops.layerNormModulate(
                                x, mod.narrow(1, dim, dim), mod.narrow(1, 0, dim), EPS);
                Tensor attended =
                        ops.attention(
                                turned(ops, q.forward(ops, y), qNorm, rope),
                                turned(ops, k.forward(ops, y), kNorm, rope),
                                heads(v.forward(ops, y)),
                                (float) (1 / Math.sqrt(headDim)),
                                AttentionMask.none());
                Tensor wide = mlp.forward(ops, y, Epilogue.activation(Activation.GELU_TANH));
                Tensor joined = attended.reshape(x.dim(0), x.dim(1), dim);
                both = inner.keep(ops.concat(2, List.of(joined, wide)));
            }
            Epilogue gated = Epilogue.gated(mod.narrow(1, 2 * dim, dim), x);
            return scope.keep(out.forward(ops, both, gated));
        }
    }

    private Tensor turned(Ops ops, Tensor x, Weight norm, Rope rope) {
        return ops.headNormRope(List.of(heads(x)), List.of(norm.in(ops)), EPS, rope);
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), numHeads, headDim);
    }
}
