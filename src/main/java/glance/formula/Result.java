package glance.formula;

import glance.tensor.Tensor;

/**
 * What an operation writes to one tensor.
 *
 * @param formula element by element
 * @param timesPlainError how many times the error of a plain version a device may have; 0 where
 *     values are only moved, so that not even a rounding error is allowed
 */
public record Result(Tensor tensor, Formula formula, double timesPlainError) {
    private static final double USUAL = 2;

    static Result of(Tensor tensor, Formula formula) {
        return new Result(tensor, formula, USUAL);
    }

    static Result moved(Tensor tensor, Formula formula) {
        return new Result(tensor, formula, 0);
    }

    Result allowing(double times) {
        return new Result(tensor, formula, times);
    }
}
