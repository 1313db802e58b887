package glance.ops;

import glance.op.Activation;
import glance.op.Op;
import glance.tensor.Tensor;

/** What is computed element by element. */
public sealed interface PointwiseOps extends CopyOps permits NormOps {
    /**
     * {@code residual + gate * y}.
     *
     * @param residual [batch, seqLen, dim]
     * @param gate [batch or 1, dim], packed in the last dimension
     * @param y [batch, seqLen, dim]
     */
    default Tensor gateResidual(Tensor residual, Tensor gate, Tensor y) {
        String op = "gateResidual";
        Check.rank(op, "residual", residual, 3, "[batch, seqLen, dim]");
        Check.shape(op, "y", y, residual.shape(), "to match residual");
        Check.perSample(op, "gate", gate, residual.dim(0), residual.dim(2));
        Tensor out = empty(computeType(), residual.shape());
        run(new Op.GateResidual(contiguous(residual), gate, contiguous(y), out));
        return out;
    }

    /** {@code act(x)}, element by element; formulas at {@link Activation}. */
    default Tensor activation(Activation activation, Tensor x) {
        Check.given("activation", "activation", activation, "x", x);
        Tensor out = empty(computeType(), x.shape());
        run(new Op.Unary(activation, contiguous(x), out));
        return out;
    }

    /** {@code act(gate) * up}, element by element; the gated MLP of Shazeer, arXiv 2002.05202. */
    default Tensor gatedActivation(Activation activation, Tensor gate, Tensor up) {
        Check.given("gatedActivation", "activation", activation, "gate", gate);
        Check.shape("gatedActivation", "up", up, gate.shape(), "to match gate");
        Tensor out = empty(computeType(), gate.shape());
        run(new Op.GatedActivation(activation, contiguous(gate), contiguous(up), out));
        return out;
    }

    /** {@code a + b}; b has the shape of a, or [last dimension of a], or one element. */
    default Tensor add(Tensor a, Tensor b) {
        return binary("add", Op.Binary.Kind.ADD, a, b);
    }

    /** {@code a * b}; b has the shape of a, or [last dimension of a], or one element. */
    default Tensor mul(Tensor a, Tensor b) {
        return binary("mul", Op.Binary.Kind.MUL, a, b);
    }

    private Tensor binary(String op, Op.Binary.Kind kind, Tensor a, Tensor b) {
        Check.given(op, "a", a, "b", b);
        boolean fits =
                b.shape().equals(a.shape())
                        || b.numel() == 1
                        || (b.rank() == 1 && a.rank() > 0 && b.dim(0) == a.dim(-1));
        Check.that(
                fits,
                op,
                "b must have the shape of a "
                        + a.shape()
                        + ", its last dimension, or one element, got "
                        + b.shape());
        Tensor out = empty(computeType(), a.shape());
        run(new Op.Binary(kind, contiguous(a), contiguous(b), out));
        return out;
    }
}
