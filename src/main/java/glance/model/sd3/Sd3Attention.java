package glance.model.sd3;

import glance.nn.Modulated;
import glance.nn.Parameters;
import glance.nn.Projections;
import glance.nn.RmsNorm;
import glance.op.AttentionMask;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;

/**
 * Queries, keys and values of one stream; heads of the first two are RMS-normed if weights say so.
 */
final class Sd3Attention {
    private static final float EPS = 1e-6f;

    private final int numHeads;
    private final int headDim;
    private final Projections qkv;
    private final RmsNorm qNorm; // null without
    private final RmsNorm kNorm; // null without

    private Sd3Attention(Sd3Config config, Projections qkv, RmsNorm qNorm, RmsNorm kNorm) {
        numHeads = config.numHeads();
        headDim = config.headDim();
        this.qkv = qkv;
        this.qNorm = qNorm;
        this.kNorm = kNorm;
    }

    /** The image's half of an attention, {@code to_q} and so on. */
    static Sd3Attention ofImage(Sd3Config config, Parameters p) {
        return of(config, p, "to_q", "to_k", "to_v", "norm_q", "norm_k");
    }

    /** The text's half of an attention, {@code add_q_proj} and so on. */
    static Sd3Attention ofText(Sd3Config config, Parameters p) {
        return of(
                config,
                p,
                "add_q_proj",
                "add_k_proj",
                "add_v_proj",
                "norm_added_q",
                "norm_added_k");
    }

    private static Sd3Attention of(
            Sd3Config config,
            Parameters p,
            String q,
            String k,
            String v,
            String qNorm,
            String kNorm) {
        int dim = config.hiddenDim();
        boolean norm = config.qkNorm();
        return new Sd3Attention(
                config,
                Projections.of(p.linear(q, dim, dim), p.linear(k, dim, dim), p.linear(v, dim, dim)),
                norm ? p.rmsNorm(qNorm, config.headDim(), EPS) : null,
                norm ? p.rmsNorm(kNorm, config.headDim(), EPS) : null);
    }

    /** Queries, keys and values, [batch, seqLen, numHeads, headDim] each. */
    record Heads(Tensor q, Tensor k, Tensor v) {}

    Heads heads(Ops ops, Modulated x) {
        List<Tensor> made = qkv.forward(ops, x);
        return new Heads(
                normed(ops, made.get(0), qNorm),
                normed(ops, made.get(1), kNorm),
                heads(made.get(2)));
    }

    /** Attention of a stream over itself, [batch, seqLen, dim]. */
    Tensor overItself(Ops ops, Modulated x) {
        try (Scope scope = ops.scope()) {
            Heads own = heads(ops, x);
            return scope.keep(attend(ops, own.q(), own.k(), own.v()));
        }
    }

    /** {@code softmax(q k^T / sqrt(headDim)) v}, [batch, seqLen, dim]. */
    static Tensor attend(Ops ops, Tensor q, Tensor k, Tensor v) {
        float scale = (float) (1 / Math.sqrt(q.dim(3)));
        Tensor y = ops.attention(q, k, v, scale, AttentionMask.none());
        return y.reshape(q.dim(0), q.dim(1), q.dim(2) * q.dim(3));
    }

    private Tensor normed(Ops ops, Tensor x, RmsNorm norm) {
        return norm == null ? heads(x) : norm.forward(ops, heads(x));
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), numHeads, headDim);
    }
}
