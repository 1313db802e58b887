package glance.cases;

import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * Operations on arguments that they draw.
 *
 * @param expression gives the results to look at; draws the same arguments each time
 */
public record Case(String name, Function<Arguments, List<Tensor>> expression) {
    /** A case with one result. */
    public static Case of(String name, Function<Arguments, Tensor> expression) {
        return new Case(name, arguments -> List.of(expression.apply(arguments)));
    }

    @Override
    public String toString() {
        return name;
    }
}
