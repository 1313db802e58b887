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
 */
final class StepInputs {
    private final Tensor all; // (steps * rows, width)
    private final Tensor current; // (rows, width)
    private final List<Tensor> views = new ArrayList<>();

    /**
     * Packs the conditioning of steps into the innermost scope.
     *
     * @param parts tensors of one or more steps, [steps_i * rows, width_j] each, in the order of
     *     the steps
     * @param steps how many there are in all
     */
    StepInputs(Ops ops, List<List<Tensor>> parts, int steps) {
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
    }

    /** The conditioning of the step that was set last, [rows, width] each. */
    List<Tensor> current() {
        return views;
    }

    /** Makes a step the current one. */
    void set(Ops ops, int step) {
        int rows = current.dim(0);
        ops.copy(all.narrow(0, step * rows, rows), current);
    }
}
