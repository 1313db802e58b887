package glance.model.krea2;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;

/**
 * Attention over normed heads, of which several queries share a key, with a gate on its result:
 * {@code out(sigmoid(gate(x)) * attention(x))}.
 */
record GatedAttention(
        Krea2Config.Heads heads,
        Linear q,
        Linear k,
        Linear v,
        Linear gate,
        RmsNorm qNorm,
        RmsNorm kNorm,
        Linear out) {

    static GatedAttention of(Parameters p, Krea2Config.Heads heads, float eps) {
        int dim = heads.width();
        int keyDim = heads.keys() * heads.dim();
        return new GatedAttention(
                heads,
                p.linearNoBias("to_q", dim, dim),
                p.linearNoBias("to_k", dim, keyDim),
                p.linearNoBias("to_v", dim, keyDim),
                p.linearNoBias("to_gate", dim, dim),
                p.rmsNormPlusOne("norm_q", heads.dim(), eps),
                p.rmsNormPlusOne("norm_k", heads.dim(), eps),
                p.linearNoBias("to_out.0", dim, dim));
    }

    /**
     * The attention.
     *
     * @param x [batch, seqLen, dim]
     * @param rope of seqLen positions, or null for none
     * @param epilogue of the last layer
     * @return [batch, seqLen, dim]
     */
    Tensor forward(Ops ops, Tensor x, AttentionMask mask, Rope rope, Epilogue epilogue) {
        try (Scope scope = ops.scope()) {
            Tensor gated;
            try (Scope inner = ops.scope()) {
                Tensor attended =
                        ops.attention(
                                qNorm.heads(ops, split(q.forward(ops, x), heads.count()), rope),
                                kNorm.heads(ops, split(k.forward(ops, x), heads.keys()), rope),
                                split(v.forward(ops, x), heads.keys()),
                                (float) (1 / Math.sqrt(heads.dim())),
                                mask);
                gated =
                        inner.keep(
                                ops.gatedActivation(
                                        Activation.SIGMOID,
                                        gate.forward(ops, x),
                                        attended.reshape(x.dim(0), x.dim(1), heads.width())));
            }
            return scope.keep(out.forward(ops, gated, epilogue));
        }
    }

    private Tensor split(Tensor x, int count) {
        return x.reshape(x.dim(0), x.dim(1), count, heads.dim());
    }
}
