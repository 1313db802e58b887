package glance.model.zimage;

import glance.nn.GatedMlp;
import glance.nn.Linear;
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
import java.util.ArrayList;
import java.util.List;

/**
 * A block with norms before and after attention and MLP. Blocks over the picture are modulated;
 * those over the text alone are not.
 *
 * <pre>
 *   x = x + tanh(gate1) * norm(attention(norm(x) * (1 + scale1)))
 *   x = x + tanh(gate2) * norm(mlp(norm(x) * (1 + scale2)))
 *
 *   modulation: | scale1 | tanh(gate1) | scale2 | tanh(gate2) |
 * </pre>
 */
final class ZImageBlock {
    private static final float HEAD_EPS = 1e-5f;

    private final int numHeads;
    private final int headDim;
    private final Linear modulation; // null without
    private final RmsNorm beforeAttention;
    private final RmsNorm afterAttention;
    private final RmsNorm beforeMlp;
    private final RmsNorm afterMlp;
    private final Projections qkv;
    private final Linear out;
    private final RmsNorm qNorm;
    private final RmsNorm kNorm;
    private final GatedMlp mlp;

    ZImageBlock(ZImageConfig config, boolean modulated, Parameters p) {
        int dim = config.hiddenDim();
        numHeads = config.numHeads();
        headDim = config.headDim();
        modulation =
                modulated
                        ? p.conditioning()
                                .linear("adaLN_modulation.0", config.conditionDim(), 4 * dim)
                        : null;
        beforeAttention = p.rmsNorm("attention_norm1", dim, config.normEps());
        afterAttention = p.rmsNorm("attention_norm2", dim, config.normEps());
        beforeMlp = p.rmsNorm("ffn_norm1", dim, config.normEps());
        afterMlp = p.rmsNorm("ffn_norm2", dim, config.normEps());
        Parameters a = p.in("attention");
        qkv =
                Projections.of(
                        a.linearNoBias("to_q", dim, dim),
                        a.linearNoBias("to_k", dim, dim),
                        a.linearNoBias("to_v", dim, dim));
        out = a.linearNoBias("to_out.0", dim, dim);
        qNorm = a.rmsNorm("norm_q", headDim, HEAD_EPS);
        kNorm = a.rmsNorm("norm_k", headDim, HEAD_EPS);
        mlp = GatedMlp.of(p.in("feed_forward"), "w1", "w3", "w2", dim, config.mlpDim());
    }

    /** [rows, 4 * dim] from the embedding of the time [rows, conditionDim]. */
    Tensor modulation(Ops ops, Tensor embedding) {
        try (Scope scope = ops.scope()) {
            Tensor all = modulation.forward(ops, embedding);
            int dim = all.dim(1) / 4;
            List<Tensor> parts = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Tensor part = all.narrow(1, i * dim, dim);
                parts.add(i % 2 == 0 ? part : ops.activation(Activation.TANH, part));
            }
            return scope.keep(ops.concat(1, parts));
        }
    }

    /**
     * Runs the block; its inner results are not kept by training but computed again.
     *
     * @param x [batch, seqLen, dim]
     * @param mod [batch or 1, 4 * dim]; null for a block that is not modulated
     */
    Tensor checkpointed(Ops ops, Tensor x, Tensor mod, AttentionMask mask, Rope rope) {
        List<Tensor> reads = new ArrayList<>(List.of(x, rope.cos(), rope.sin()));
        if (mod != null) {
            reads.add(mod);
        }
        if (mask.lengths() != null) {
            reads.add(mask.lengths());
        }
        return ops.checkpoint(reads, () -> List.of(forward(ops, x, mod, mask, rope))).get(0);
    }

    private Tensor forward(Ops ops, Tensor x, Tensor mod, AttentionMask mask, Rope rope) {
        try (Scope scope = ops.scope()) {
            Tensor attended;
            try (Scope inner = ops.scope()) {
                Tensor y = scaled(ops, beforeAttention.forward(ops, x), mod, 0);
                List<Tensor> made = qkv.forward(ops, y);
                Tensor mixed =
                        ops.attention(
                                qNorm.heads(ops, heads(made.get(0)), rope),
                                kNorm.heads(ops, heads(made.get(1)), rope),
                                heads(made.get(2)),
                                (float) (1 / Math.sqrt(headDim)),
                                mask);
                Tensor joined = mixed.reshape(x.dim(0), x.dim(1), numHeads * headDim);
                Tensor normed = afterAttention.forward(ops, out.forward(ops, joined));
                attended = inner.keep(added(ops, x, normed, mod, 1));
            }
            Tensor y = scaled(ops, beforeMlp.forward(ops, attended), mod, 2);
            Tensor normed = afterMlp.forward(ops, mlp.forward(ops, y, Epilogue.none()));
            return scope.keep(added(ops, attended, normed, mod, 3));
        }
    }

    /** {@code x * (1 + scale)}. */
    private static Tensor scaled(Ops ops, Tensor x, Tensor mod, int which) {
        return mod == null ? x : ops.gateResidual(x, part(mod, which), x);
    }

    /** {@code x + gate * y}. */
    private static Tensor added(Ops ops, Tensor x, Tensor y, Tensor mod, int which) {
        return mod == null ? ops.add(x, y) : ops.gateResidual(x, part(mod, which), y);
    }

    private static Tensor part(Tensor mod, int which) {
        int dim = mod.dim(1) / 4;
        return mod.narrow(1, which * dim, dim);
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), numHeads, headDim);
    }
}
