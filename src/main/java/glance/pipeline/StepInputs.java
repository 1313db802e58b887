package glance.pipeline;

import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What differs between the steps of a phase, in memory that stays where it is: the network reads
 * the same tensors in every step, and a step begins with one copy that fills them.
 *
 * <pre>
 *   all       step 0 | block 0 | block 1 | ... | last norm |      one row per sample
 *             step 1 | block 0 | block 1 | ... | last norm |
 *                                  ^ one copy
 *   current          | block 0 | block 1 | ... | last norm |      what the network reads
 * </pre>
 *
 * Constants are read where they are, unless steps have other ones, as with other strengths: then
 * the network reads a copy, which changes when they do.
 */
final class StepInputs {
    private final Tensor all; // (steps * rows, width)
    private final Tensor current; // (rows, width)
    private final List<Tensor> views = new ArrayList<>();
    private final List<List<Tensor>> constants; // of each step
    private final List<Tensor> held; // those of one step, for the network
    private List<Tensor> shown; // which ones they are

    /**
     * Packs the conditioning of steps into the innermost scope.
     *
     * @param parts tensors of one or more steps, [steps_i * rows, width_j] each, in the order of
     *     the steps
     * @param constants of each step; steps with the same ones share a list
     */
    StepInputs(Ops ops, List<List<Tensor>> parts, List<List<Tensor>> constants) {
        this.constants = constants;
        int steps = constants.size();
        if (parts.size() == 1) {
            all = ops.concat(1, parts.get(0));
        } else {
            try (Scope scope = ops.scope()) {
                List<Tensor> rows = parts.stream().map(part -> ops.concat(1, part)).toList();
                all = scope.keep(ops.concat(0, rows));
            }
        }
        current = ops.pack(all.narrow(0, 0, all.dim(0) / steps));
        int at = 0;
        for (Tensor part : parts.get(0)) {
            views.add(current.narrow(1, at, part.dim(1)));
            at += part.dim(1);
        }
        shown = constants.get(0);
        boolean same = constants.stream().allMatch(one -> one == shown);
        held = same ? shown : shown.stream().map(ops::pack).toList();
    }

    /** The vectors of the step that was set last, [rows, width] each. */
    List<Tensor> vectors() {
        return views;
    }

    /** The constants of that step. */
    List<Tensor> constants() {
        return held;
    }

    /** Makes a step the current one. */
    void set(Ops ops, int step) {
        int rows = current.dim(0);
        ops.copy(all.narrow(0, step * rows, rows), current);
        if (constants.get(step) != shown) {
            shown = constants.get(step);
            for (int i = 0; i < held.size(); i++) {
                ops.copy(shown.get(i), held.get(i));
            }
        }
    }
}
