package glance.model.dit;

import glance.model.transformer.Embedder;
import glance.nn.Linear;
import glance.nn.Modulated;
import glance.nn.Parameters;
import glance.nn.Projections;
import glance.nn.Weight;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One block with adaptive norms that start as the identity (adaLN-Zero). Each block has embeddings
 * of timestep and class of its own.
 *
 * <pre>
 *   x  = x + gate1 * proj(attention(modulate1(norm(x))))
 *   x  = x + gate2 * mlp(modulate2(norm(x)))
 * </pre>
 */
final class DitBlock {
    private static final float EPS = 1e-6f;

    private final int numHeads;
    private final int headDim;
    private final float mlpEps;
    private final Embedder time;
    private final Weight classes; // (numClasses + 1, dim)
    private final Linear modulation;
    private final Projections qkv;
    private final Linear out;
    private final Linear up;
    private final Linear down;

    DitBlock(DitConfig config, Parameters p) {
        numHeads = config.numHeads();
        headDim = config.headDim();
        mlpEps = config.normEps();
        int dim = config.hiddenDim();
        Parameters once = p.conditioning();
        Parameters embedding = once.in("norm1").in("emb");
        time = Embedder.of(embedding.in("timestep_embedder"), Embedder.WAVES, dim);
        classes =
                embedding.weight(
                        "class_embedder.embedding_table.weight", config.numClasses() + 1, dim);
        modulation = once.linear("norm1.linear", dim, 6 * dim);
        qkv =
                Projections.of(
                        p.linear("attn1.to_q", dim, dim),
                        p.linear("attn1.to_k", dim, dim),
                        p.linear("attn1.to_v", dim, dim));
        out = p.linear("attn1.to_out.0", dim, dim);
        up = p.linear("ff.net.0.proj", dim, 4 * dim);
        down = p.linear("ff.net.2", 4 * dim, dim);
    }

    /**
     * {@code silu(embedding of timestep + embedding of class)}, [rows, dim].
     *
     * @param timesteps [rows] F32
     * @param labels [rows] I32
     */
    Tensor embedding(Ops ops, Tensor timesteps, Tensor labels) {
        try (Scope scope = ops.scope()) {
            Tensor waves = ops.timestepEmbedding(timesteps, Embedder.WAVES, 1, 1);
            Tensor both = ops.add(time.forward(ops, waves), ops.embedding(labels, classes.in(ops)));
            return scope.keep(ops.activation(Activation.SILU, both));
        }
    }

    /** [rows, 6 * dim] from what {@link #embedding} gives. */
    Tensor modulation(Ops ops, Tensor embedding) {
        return modulation.forward(ops, embedding);
    }

    /**
     * Runs the block.
     *
     * @param x [batch, tokens, dim]
     * @param mod [batch or 1, 6 * dim]
     */
    Tensor forward(Ops ops, Tensor x, Tensor mod) {
        int dim = numHeads * headDim;
        try (Scope scope = ops.scope()) {
            Tensor attended;
            try (Scope inner = ops.scope()) {
                Modulated y = new Modulated(x, mod.narrow(1, dim, dim), mod.narrow(1, 0, dim), EPS);
                float scale = (float) (1 / Math.sqrt(headDim));
                List<Tensor> made = qkv.forward(ops, y);
                Tensor heads =
                        ops.attention(
                                heads(made.get(0)),
                                heads(made.get(1)),
                                heads(made.get(2)),
                                scale,
                                AttentionMask.none());
                Tensor joined = heads.reshape(x.dim(0), x.dim(1), dim);
                Epilogue gated = Epilogue.gated(mod.narrow(1, 2 * dim, dim), x);
                attended = inner.keep(out.forward(ops, joined, gated));
            }
            Modulated y =
                    new Modulated(
                            attended,
                            mod.narrow(1, 4 * dim, dim),
                            mod.narrow(1, 3 * dim, dim),
                            mlpEps);
            Tensor wide = up.forward(ops, y, Epilogue.activation(Activation.GELU_TANH));
            Epilogue gated = Epilogue.gated(mod.narrow(1, 5 * dim, dim), attended);
            return scope.keep(down.forward(ops, wide, gated));
        }
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), numHeads, headDim);
    }
}
