package glance.roofline;

import glance.cases.Arguments;
import glance.cases.Case;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * One line of the table; its name is the same in every report, and in the peer's.
 *
 * @param group cases of a group are measured in turns, the first is what the others are compared to
 * @param operation whose variants can take its place, or null
 * @param beside a variant that it is always measured beside, where that can be used, or null
 */
record KernelCase(Case of, String group, String operation, String beside) {
    /** A case measured alone. */
    static KernelCase of(String name, Function<Arguments, Tensor> expression) {
        return new KernelCase(Case.of(name, expression), name, null, null);
    }

    /** A case with several results. */
    static KernelCase ofSeveral(String name, Function<Arguments, List<Tensor>> expression) {
        return new KernelCase(new Case(name, expression), name, null, null);
    }

    String name() {
        return of.name();
    }

    /** The same with the operation whose variants can take its place. */
    KernelCase of(String other) {
        return new KernelCase(of, group, other, beside);
    }

    /** The same, always measured beside a variant. */
    KernelCase beside(String variant) {
        return new KernelCase(of, group, operation, variant);
    }

    /** The same in a group. */
    KernelCase in(String other) {
        return new KernelCase(of, other, operation, beside);
    }
}
