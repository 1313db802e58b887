package glance.model.krea2;

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
import java.util.List;

/**
 * Attention over normed heads, of which several queries share a key, with a gate on its result:
 * {@code out(sigmoid(gate(x)) * attention(x))}.
 */
record GatedAttention(
        Krea2Config.Heads heads, Projections qkvGate, RmsNorm qNorm, RmsNorm kNorm, Linear out) {

    static GatedAttention of(Parameters p, Krea2Config.Heads heads, float eps) {
        int dim = heads.width();
        int keyDim = heads.keys() * heads.dim();
        return new GatedAttention(
                heads,
                Projections.of(
                        p.linearNoBias("to_q", dim, dim),
                        p.linearNoBias("to_k", dim, keyDim),
                        p.linearNoBias("to_v", dim, keyDim),
                        p.linearNoBias("to_gate", dim, dim)),
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
                List<Tensor> made = qkvGate.forward(ops, x);
                Tensor attended =
                        ops.attention(
                                qNorm.heads(ops, split(made.get(0), heads.count()), rope),
                                kNorm.heads(ops, split(made.get(1), heads.keys()), rope),
                                split(made.get(2), heads.keys()),
                                (float) (1 / Math.sqrt(heads.dim())),
                                mask);
                gated =
                        inner.keep(
                                ops.gatedActivation(
                                        Activation.SIGMOID,
                                        made.get(3),
                                        attended.reshape(x.dim(0), x.dim(1), heads.width())));
            }
            return scope.keep(out.forward(ops, gated, epilogue));
        }
    }

    private Tensor split(Tensor x, int count) {
        return x.reshape(x.dim(0), x.dim(1), count, heads.dim());
    }
}
