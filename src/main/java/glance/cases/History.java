package glance.cases;

import glance.formula.Arithmetic;
import glance.formula.Elements;
import glance.formula.Formulas;
import glance.formula.Result;
import glance.op.Op;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What tensors hold after some operations: a given number, or what the formula of the last
 * operation makes of it that wrote there.
 *
 * @param given the elements of each storage at the start
 */
public record History(List<Op> ops, Map<Storage, Elements> given) {
    /** The same operations on other arguments. */
    public History on(Map<Storage, Elements> others) {
        Map<Storage, Elements> all = new IdentityHashMap<>(given);
        all.putAll(others);
        return new History(ops, all);
    }

    /** The numbers of tensors in some arithmetic. */
    public Evaluation in(Arithmetic m) {
        return new Evaluation(m);
    }

    /** Bytes of all arguments and results. */
    long bytes() {
        Set<Storage> storages = new HashSet<>(given.keySet());
        ops.stream()
                .flatMap(op -> Formulas.of(op, tensor -> i -> 0).stream())
                .forEach(result -> storages.add(result.tensor().storage()));
        return storages.stream().mapToLong(Storage::bytes).sum();
    }

    /** All formulas in one arithmetic; what several elements need is computed once. */
    public final class Evaluation {
        private final Arithmetic m;
        private final List<Written> written = new LinkedList<>(); // the last first
        private final List<Map<Tensor, Elements>> known = new ArrayList<>();

        private Evaluation(Arithmetic m) {
            this.m = m;
            for (int i = 0; i < ops.size(); i++) {
                int time = i;
                known.add(new IdentityHashMap<>());
                Formulas.of(ops.get(i), tensor -> at(tensor, time))
                        .forEach(result -> written.add(0, new Written(time, result)));
            }
            known.add(new IdentityHashMap<>());
        }

        /** What an operation wrote. */
        private final class Written {
            private final int time;
            private final Result result;
            private final View view;
            private Elements elements;

            Written(int time, Result result) {
                this.time = time;
                this.result = result;
                this.view = new View(result.tensor());
            }

            /** Whether it is a contiguous tensor from end to end. */
            boolean isAll(Tensor tensor) {
                return view.isContiguous()
                        && tensor.isContiguous()
                        && result.tensor().offset() == tensor.offset()
                        && result.tensor().numel() == tensor.numel();
            }

            synchronized Elements elements() {
                if (elements == null) {
                    Elements exact = result.formula().in(m);
                    elements = i -> m.store(result.tensor().dtype(), exact.at(i));
                }
                return elements;
            }
        }

        /** The elements of a tensor after all operations. */
        public Elements of(Tensor tensor) {
            return at(tensor, ops.size());
        }

        /** The last result that went into a tensor. */
        Result last(Tensor tensor) {
            return written.stream()
                    .map(each -> each.result)
                    .filter(result -> result.tensor().storage() == tensor.storage())
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("nothing wrote " + tensor));
        }

        /** The elements of a tensor before operation {@code time}. */
        private synchronized Elements at(Tensor tensor, int time) {
            Elements elements = known.get(time).get(tensor);
            if (elements == null) {
                elements = find(tensor, time);
                known.get(time).put(tensor, elements);
            }
            return elements;
        }

        private Elements find(Tensor tensor, int time) {
            View view = new View(tensor);
            List<Written> before =
                    written.stream()
                            .filter(each -> each.time < time)
                            .filter(each -> each.result.tensor().storage() == tensor.storage())
                            .toList();
            Elements start = given.get(tensor.storage());
            if (before.isEmpty() && view.isContiguous()) {
                return tensor.offset() == 0 ? start : i -> start.at(tensor.offset() + i);
            }
            if (!before.isEmpty() && before.get(0).isAll(tensor)) {
                return before.get(0).elements();
            }
            return new Known(tensor.numel(), i -> read(before, start, view.position(i)));
        }

        private static double read(List<Written> before, Elements start, long position) {
            for (Written each : before) {
                long index = each.view.index(position);
                if (index >= 0) {
                    return each.elements().at(index);
                }
            }
            return start.at(position);
        }
    }
}
