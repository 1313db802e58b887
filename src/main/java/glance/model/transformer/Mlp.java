package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Modulated;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;

/**
 * The MLP of a block: {@code down(gelu(up(x)))}, or gated, where up makes two halves: {@code
 * down(silu(a) * b)} (Shazeer, arXiv 2002.05202).
 */
record Mlp(Linear up, Linear down, boolean gated) {
    /** Takes {@code net.0.proj} and {@code net.2} from {@code p}. */
    static Mlp gelu(Parameters p, int dim) {
        return new Mlp(
                p.linear("net.0.proj", dim, 4 * dim), p.linear("net.2", 4 * dim, dim), false);
    }

    /** Takes {@code linear_in} and {@code linear_out}, which have no biases, from {@code p}. */
    static Mlp swiGlu(Parameters p, int dim, int inner) {
        return new Mlp(
                p.linearNoBias("linear_in", dim, 2 * inner),
                p.linearNoBias("linear_out", inner, dim),
                true);
    }

    /** The same with an epilogue; x is [batch, seqLen, dim]. */
    Tensor forward(Ops ops, Modulated x, Epilogue epilogue) {
        Tensor wide =
                gated
                        ? swiGlu(ops, up.forward(ops, x, Epilogue.none()))
                        : up.forward(ops, x, Epilogue.activation(Activation.GELU_TANH));
        return down.forward(ops, wide, epilogue);
    }

    /** {@code silu(a) * b} [batch, seqLen, inner] of both side by side. */
    static Tensor swiGlu(Ops ops, Tensor both) {
        int inner = both.dim(2) / 2;
        try (Scope scope = ops.scope()) {
            return scope.keep(
                    ops.gatedActivation(
                            Activation.SILU,
                            both.narrow(2, 0, inner),
                            both.narrow(2, inner, inner)));
        }
    }
}
