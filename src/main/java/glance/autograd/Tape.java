package glance.autograd;

import glance.op.Op;
import glance.ops.Ops;
import glance.ops.Recorder;
import glance.ops.Scope;
import glance.ops.TrainingOps;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Records the operations on a path from watched tensors, and runs their gradient rules in the
 * reverse order. For one forward and one backward pass:
 *
 * <pre>{@code
 * try (Tape tape = new Tape(ops, true)) {
 *     tape.watch(loraA);
 *     Tensor y = ops.linear(x, w, b, new LowRank(loraA, loraB, 1), Epilogue.none());
 *     tape.backward(y, dy);
 *     Tensor gradient = tape.gradient(loraA);   // null if the loss does not depend on it
 * }
 * }</pre>
 */
public final class Tape implements Recorder, AutoCloseable {
    private final Ops ops;
    private final Gradients gradients;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<Storage, Integer> writers = new HashMap<>();
    private final boolean checkpointing;
    private boolean recording = true;

    /** While a checkpointed part runs: what depends on a watched tensor in it; else null. */
    private Set<Storage> reached;

    /** Something that can pass gradients from its results to its arguments. */
    private interface Entry {
        void backward();

        void release();
    }

    /**
     * Starts recording everything that {@code ops} does.
     *
     * @param checkpointing whether parts given to {@link Ops#checkpoint} are run a second time
     *     instead of being kept: less memory for about a third more time (Chen et al., arXiv
     *     1604.06174)
     */
    public Tape(Ops ops, boolean checkpointing) {
        this.ops = ops;
        this.checkpointing = checkpointing;
        this.gradients = new Gradients(ops);
        ops.record(this);
    }

    /** Asks for the gradient of a tensor, before it is used. */
    public void watch(Tensor parameter) {
        gradients.want(parameter);
    }

    /** The gradient of a watched tensor, owned by the tape; null if none reached it. */
    public Tensor gradient(Tensor parameter) {
        return gradients.of(parameter);
    }

    @Override
    public void recorded(Op op) {
        if (!recording && reached == null) {
            return;
        }
        List<Tensor> inputs = OpTensors.inputs(op);
        if (reached != null) {
            follow(op, inputs);
            return;
        }
        if (inputs.stream().anyMatch(gradients::wants)) {
            gradients.want(op.out());
            writers.merge(op.out().storage(), 1, Integer::sum);
            entries.add(new Recorded<>(op, inputs));
        }
    }

    private void follow(Op op, List<Tensor> inputs) {
        if (inputs.stream().anyMatch(x -> reached.contains(x.storage()) || gradients.wants(x))) {
            reached.add(op.out().storage());
        }
    }

    @Override
    public List<Tensor> checkpoint(List<Tensor> inputs, Supplier<List<Tensor>> part) {
        if (!recording || !checkpointing) {
            return part.get();
        }
        recording = false;
        reached = new HashSet<>();
        try {
            List<Tensor> outputs = part.get();
            List<Tensor> wanted =
                    outputs.stream().filter(y -> reached.contains(y.storage())).toList();
            if (!wanted.isEmpty()) {
                wanted.forEach(gradients::want);
                entries.add(new Checkpoint(inputs, part, outputs, Set.copyOf(wanted)));
            }
            return outputs;
        } finally {
            recording = true;
            reached = null;
        }
    }

    /** Runs all rules from a loss back to the watched tensors. */
    public void backward(TrainingOps.Loss loss) {
        backward(loss.prediction(), loss.gradient());
    }

    /**
     * Runs all rules from the gradient of a result back to the watched tensors. What was recorded
     * is released on the way.
     */
    public void backward(Tensor result, Tensor gradient) {
        recording = false;
        try (Scope scope = ops.scope()) {
            gradients.add(result, gradient);
        }
        unwind(0);
    }

    /** Runs and removes the entries from the last down to {@code first}. */
    private void unwind(int first) {
        while (entries.size() > first) {
            Entry entry = entries.remove(entries.size() - 1);
            try (Scope scope = ops.scope()) {
                entry.backward();
            } finally {
                entry.release();
            }
        }
    }

    @Override
    public void close() {
        ops.record(null);
        entries.forEach(Entry::release);
        entries.clear();
        gradients.clear();
    }

    /**
     * Called once for each operation that wrote a result: the last one (concat writes in several)
     * ends the use of its gradient.
     */
    private void finished(Tensor result) {
        int left = writers.merge(result.storage(), -1, Integer::sum);
        if (left == 0) {
            writers.remove(result.storage());
            gradients.drop(result);
        }
    }

    /** Keeps tensors alive. */
    private static void retain(List<Tensor> tensors) {
        tensors.forEach(tensor -> tensor.storage().retain());
    }

    private static void release(List<Tensor> tensors) {
        tensors.forEach(tensor -> tensor.storage().release());
    }

    /** An operation. */
    private final class Recorded<O extends Op> implements Entry {
        private final O op;
        private final List<Tensor> inputs;

        Recorded(O op, List<Tensor> inputs) {
            this.op = op;
            this.inputs = inputs;
            retain(inputs);
            op.out().storage().retain();
        }

        @Override
        public void backward() {
            Tensor dy = gradients.of(op.out());
            if (dy != null) {
                Rules.of(op).backward(op, dy, gradients, ops);
            }
            finished(op.out());
        }

        @Override
        public void release() {
            Tape.release(inputs);
            op.out().storage().release();
        }
    }

    /** A part that is run again before its gradients are found. */
    private final class Checkpoint implements Entry {
        private final List<Tensor> inputs;
        private final Supplier<List<Tensor>> part;
        private final List<Tensor> outputs;
        private final Set<Tensor> wanted;

        /**
         * @param wanted the outputs that the part computed from a watched tensor; the gradient of
         *     an input that it returns as it is belongs to whatever made that
         */
        Checkpoint(
                List<Tensor> inputs,
                Supplier<List<Tensor>> part,
                List<Tensor> outputs,
                Set<Tensor> wanted) {
            this.inputs = inputs;
            this.part = part;
            this.outputs = outputs;
            this.wanted = wanted;
            retain(inputs);
            retain(outputs);
        }

        @Override
        public void backward() {
            int mark = entries.size();
            recording = true;
            List<Tensor> again;
            try {
                again = part.get();
            } finally {
                recording = false;
            }
            for (int i = 0; i < outputs.size(); i++) {
                Tensor dy = gradients.of(outputs.get(i));
                if (dy != null && wanted.contains(outputs.get(i))) {
                    gradients.add(again.get(i), dy);
                }
            }
            wanted.forEach(gradients::drop);
            unwind(mark);
        }

        @Override
        public void release() {
            Tape.release(inputs);
            Tape.release(outputs);
        }
    }
}
