package glance.op;

import glance.tensor.Tensor;

/**
 * What a linear product does to its result before the only write: {@code y = residual + gate *
 * activation(p)}.
 *
 * @param activation applied to the product first
 * @param gate [batch or 1, out] F32, broadcast over tokens; null for 1
 * @param residual same shape as the result; null for 0
 */
public record Epilogue(Activation activation, Tensor gate, Tensor residual) {
    private static final Epilogue NONE = new Epilogue(Activation.NONE, null, null);

    /** {@code y = p}. */
    public static Epilogue none() {
        return NONE;
    }

    /** {@code y = activation(p)}. */
    public static Epilogue activation(Activation activation) {
        return new Epilogue(activation, null, null);
    }

    /** {@code y = residual + p}. */
    public static Epilogue add(Tensor residual) {
        return new Epilogue(Activation.NONE, null, residual);
    }

    /** {@code y = residual + gate * p}. */
    public static Epilogue gated(Tensor gate, Tensor residual) {
        return new Epilogue(Activation.NONE, gate, residual);
    }

    /** That of some samples of the batch; the residual has rank 3. */
    Epilogue samples(int first, int count) {
        boolean own = gate != null && gate.dim(0) > 1;
        return new Epilogue(
                activation,
                own ? gate.narrow(0, first, count) : gate,
                residual == null ? null : residual.narrow(0, first, count));
    }
}
