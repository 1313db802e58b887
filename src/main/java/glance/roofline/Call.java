package glance.roofline;

import glance.formula.Elements;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/**
 * A kernel with its arguments, ready to run as often as wanted.
 *
 * @param ops what one run consists of, in order
 * @param flop of one run
 * @param claims what the results must be after the first run; asked for before it
 */
record Call(List<Op> ops, double flop, Supplier<List<Claim>> claims) {
    /** What a result must be. */
    record Claim(Tensor result, Elements expected) {}

    /** A single operation. */
    static Call of(Op op, double flop, Elements expected) {
        return of(List.of(op), op.out(), flop, expected);
    }

    /** Several operations that make one result. */
    static Call of(List<Op> ops, Tensor result, double flop, Elements expected) {
        return new Call(ops, flop, () -> List.of(new Claim(result, expected)));
    }
}
