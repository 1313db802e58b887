package glance.autograd;

import glance.op.Addition;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/** The tensors that an operation reads, found through its record components. */
final class OpTensors {
    private OpTensors() {}

    /** All tensors of the operation but its result. */
    static List<Tensor> inputs(Op op) {
        List<Tensor> result = new ArrayList<>();
        collect(op, result);
        result.removeIf(tensor -> tensor == op.out());
        return result;
    }

    private static void collect(Object value, List<Tensor> into) {
        if (value instanceof Tensor tensor) {
            into.add(tensor);
        } else if (value instanceof List<?> list) {
            list.forEach(element -> collect(element, into));
        } else if (value instanceof Op
                || value instanceof Addition
                || value instanceof Epilogue
                || value instanceof AttentionMask
                || value instanceof Rope) {
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                try {
                    component.getAccessor().setAccessible(true);
                    collect(component.getAccessor().invoke(value), into);
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("cannot read " + component, e);
                }
            }
        }
    }
}
