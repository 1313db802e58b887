package glance.ops.parity;

import glance.formula.Arithmetic;
import glance.formula.Formula;
import glance.tensor.Tensor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One call and what it must give.
 *
 * @param op the call; made more than once, each time on the same arguments
 * @param reference the formula, in any arithmetic
 * @param exact whether not even a rounding error is allowed (values are only moved)
 * @param timesPlainError how many times the error of a plain version is allowed
 */
public record Trial(
        Supplier<Tensor> op,
        Function<Arithmetic, HostArray> reference,
        boolean exact,
        double timesPlainError) {
    private static final double USUAL = 2;

    /** A call that computes. */
    public static Trial of(Supplier<Tensor> op, Function<Arithmetic, HostArray> reference) {
        return new Trial(op, reference, false, USUAL);
    }

    /** A call that computes a result of the given shape. */
    public static Trial of(Supplier<Tensor> op, Formula formula, int... dims) {
        return of(op, m -> HostArray.of(formula.in(m), dims));
    }

    /** A call that only moves values. */
    public static Trial exact(Supplier<Tensor> op, Supplier<HostArray> reference) {
        return new Trial(op, arithmetic -> reference.get(), true, 0);
    }

    /** The same with another tolerance; the caller says why. */
    public Trial allowing(double times) {
        return new Trial(op, reference, exact, times);
    }
}
