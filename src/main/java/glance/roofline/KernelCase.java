package glance.roofline;

import java.util.function.Function;

/**
 * One line of the table.
 *
 * @param name the same in every report, and in the peer's
 * @param group cases of a group are measured in turns, the first is what the others are compared to
 * @param operation whose variants can take its place, or null
 * @param beside a variant that it is always measured beside, where that can be used, or null
 * @param call builds the arguments
 */
record KernelCase(
        String name,
        String group,
        String operation,
        String beside,
        Function<Arguments, Call> call) {
    /** A case measured alone. */
    static KernelCase of(String name, Function<Arguments, Call> call) {
        return new KernelCase(name, name, null, null, call);
    }

    /** The same with the operation whose variants can take its place. */
    KernelCase of(String operation) {
        return new KernelCase(name, group, operation, beside, call);
    }

    /** The same, always measured beside a variant. */
    KernelCase beside(String variant) {
        return new KernelCase(name, group, operation, variant, call);
    }

    /** The same in a group. */
    KernelCase in(String other) {
        return new KernelCase(name, other, operation, beside, call);
    }
}
