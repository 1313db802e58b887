package glance.ops;

import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/** Hears of every operation after it ran, to find gradients later. */
public interface Recorder {
    /** An operation ran; its tensors are freed with their scope unless retained here. */
    void recorded(Op op);

    /** See {@link Ops#checkpoint}. */
    List<Tensor> checkpoint(List<Tensor> inputs, Supplier<List<Tensor>> part);
}
