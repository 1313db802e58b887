package glance.roofline;

import glance.api.MathLibrary;
import java.util.function.Function;

/**
 * One line of the table.
 *
 * @param name the same in every report, and in the peer's
 * @param group cases of a group are measured in turns, the first is what the others are compared to
 * @param library that can do the same, or null
 * @param call builds the arguments
 */
record KernelCase(String name, String group, MathLibrary library, Function<Arguments, Call> call) {
    /** A case measured alone. */
    static KernelCase of(String name, Function<Arguments, Call> call) {
        return new KernelCase(name, name, null, call);
    }

    /** The same, also measured with a library. */
    KernelCase with(MathLibrary other) {
        return new KernelCase(name, group, other, call);
    }
}
