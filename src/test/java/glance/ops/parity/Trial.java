package glance.ops.parity;

import glance.tensor.Tensor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One call and what it must give.
 *
 * @param op the call; made more than once, each time on the same arguments
 * @param reference the formula as a plain loop
 * @param exact whether not even a rounding error is allowed (values are only moved)
 */
public record Trial(Supplier<Tensor> op, Function<Arithmetic, HostArray> reference, boolean exact) {
    /** A call that computes. */
    public static Trial of(Supplier<Tensor> op, Function<Arithmetic, HostArray> reference) {
        return new Trial(op, reference, false);
    }

    /** A call that only moves values. */
    public static Trial exact(Supplier<Tensor> op, Supplier<HostArray> reference) {
        return new Trial(op, arithmetic -> reference.get(), true);
    }
}
