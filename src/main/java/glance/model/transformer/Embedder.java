package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * Two linear layers with an activation between them: how blocks are told of a timestep, a guidance
 * scale or a text.
 */
public record Embedder(Linear first, Activation activation, Linear second) {
    /** Sinusoids that stand for a number, such as a timestep. */
    public static final int WAVES = 256;

    /** Takes {@code linear_1} and {@code linear_2} from {@code p}, with a SiLU between them. */
    public static Embedder of(Parameters p, int in, int dim) {
        return of(p, in, Activation.SILU, dim);
    }

    /** The same with another activation. */
    public static Embedder of(Parameters p, int in, Activation activation, int dim) {
        return new Embedder(
                p.linear("linear_1", in, dim), activation, p.linear("linear_2", dim, dim));
    }

    /** [rows, dim] from [rows, in]. */
    public Tensor forward(Ops ops, Tensor x) {
        return forward(ops, x, Epilogue.none());
    }

    /** The same with an epilogue of the second layer. */
    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        Tensor hidden = first.forward(ops, x, Epilogue.activation(activation));
        return second.forward(ops, hidden, epilogue);
    }
}
