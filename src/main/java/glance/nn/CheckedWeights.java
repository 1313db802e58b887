package glance.nn;

import glance.api.FormatException;
import glance.io.HostTensor;
import glance.io.Scaling;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The tensors of a checkpoint against what a component asks for. Problems are collected, so that
 * one error tells all of them.
 */
final class CheckedWeights {
    /** Beyond that it is another model; a config with too many layers must not keep us busy. */
    private static final int MAX_PROBLEMS = 1000;

    private static final int MAX_SHOWN = 8;

    private final Weights weights;
    private final String component;
    private final Set<String> used = new HashSet<>();
    private final List<String> problems = new ArrayList<>();
    private boolean closed;

    /**
     * @param component class name, for messages
     */
    CheckedWeights(Weights weights, String component) {
        this.weights = weights;
        this.component = component;
    }

    /** Class name, for messages. */
    String component() {
        return component;
    }

    /** The dtype in which a tensor is stored; that of plain numbers if there is none. */
    DType dtype(String name, Shape want) {
        TensorInfo info = weights.find(name, want);
        return info == null ? DType.F32 : info.dtype();
    }

    /** The checkpoint itself. */
    Weights all() {
        return weights;
    }

    /** Whether a tensor that was asked for cannot be used; then nothing may be computed. */
    boolean haveProblems() {
        return !problems.isEmpty();
    }

    /** Marks tensors as known but not needed. */
    void ignore(Predicate<String> names) {
        weights.tensors().keySet().stream().filter(names).forEach(used::add);
    }

    /** From here on nothing is read. */
    void close() {
        closed = true;
    }

    /**
     * How to read a tensor, or null if there is a problem, which is noted.
     *
     * @param want shape in which it is stored
     * @param shape in which it is used
     * @throws FormatException if there are too many problems
     */
    Supplier<HostTensor> find(String name, Shape want, Shape shape) {
        if (problems.size() == MAX_PROBLEMS) {
            throw misfit(problems, "more than " + MAX_PROBLEMS);
        }
        used.add(name);
        TensorInfo info = weights.find(name, want);
        if (info == null) {
            problems.add("missing " + name + " " + want);
            return null;
        }
        if (!info.shape().equals(want)) {
            problems.add("mis-shaped " + name + ": expected " + want + ", got " + info.shape());
            return null;
        }
        boolean bare = info.dtype() == DType.I8 && weights.scaling(name) == Scaling.NONE;
        if (!info.dtype().isReal() || bare) {
            problems.add(
                    "unusable "
                            + name
                            + ": expected floats of 8 to 32 bits or quantised blocks, got "
                            + info.dtype());
            return null;
        }
        return () -> {
            if (closed) {
                throw new IllegalStateException(
                        component + " is closed: " + name + " cannot be read; open it again");
            }
            return new HostTensor(info.dtype(), shape, weights.data(name));
        };
    }

    /**
     * Ends loading.
     *
     * @throws FormatException if tensors are missing, mis-shaped or unexpected; names the first few
     *     of them, or what wrote weights that the engine does not read
     */
    void finish() {
        List<String> all = new ArrayList<>(problems);
        weights.tensors()
                .forEach(
                        (name, info) -> {
                            if (!used.contains(name)) {
                                all.add("unexpected " + name + " " + info.shape());
                            }
                        });
        if (!all.isEmpty()) {
            throw misfit(all, Integer.toString(all.size()));
        }
    }

    private FormatException misfit(List<String> all, String count) {
        FormatException foreign = weights.foreign();
        return foreign != null
                ? foreign
                : new FormatException(
                        weights.source(),
                        null,
                        count + " tensors do not fit " + component + ": " + summary(all),
                        "use the weights and the config.json of one checkpoint");
    }

    private static String summary(List<String> problems) {
        int shown = Math.min(problems.size(), MAX_SHOWN);
        String text = String.join("; ", problems.subList(0, shown));
        return shown < problems.size()
                ? text + "; and " + (problems.size() - shown) + " more"
                : text;
    }
}
