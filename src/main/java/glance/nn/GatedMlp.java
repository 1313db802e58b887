package glance.nn;

import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;

/** {@code down(silu(gate(x)) * up(x))}: SwiGLU of Shazeer, arXiv 2002.05202, without biases. */
public record GatedMlp(Linear gate, Linear up, Linear down) {
    /** Takes {@code gate}, {@code up} and {@code down} from {@code p}. */
    public static GatedMlp of(Parameters p, int dim, int inner) {
        return of(p, "gate", "up", "down", dim, inner);
    }

    /** Takes them from {@code p} under other names. */
    public static GatedMlp of(
            Parameters p, String gate, String up, String down, int dim, int inner) {
        return new GatedMlp(
                p.linearNoBias(gate, dim, inner),
                p.linearNoBias(up, dim, inner),
                p.linearNoBias(down, inner, dim));
    }

    /**
     * The MLP.
     *
     * @param x [batch, seqLen, dim]
     * @param epilogue of the last layer
     * @return [batch, seqLen, dim]
     */
    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        try (Scope scope = ops.scope()) {
            List<Tensor> both = Projections.of(gate, up).forward(ops, x);
            Tensor wide = ops.gatedActivation(Activation.SILU, both.get(0), both.get(1));
            return scope.keep(down.forward(ops, wide, epilogue));
        }
    }
}
