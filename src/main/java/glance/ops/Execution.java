package glance.ops;

import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** What the families of operations stand on. */
public sealed interface Execution permits CopyOps {
    /** Dtype of results. */
    DType computeType();

    /** A tensor with undefined content. */
    Tensor empty(DType dtype, Shape shape);

    /**
     * Hands an operation to the device: the only way there. For the operations themselves, which
     * have checked its arguments.
     */
    void run(Op op);

    /** Frees a tensor of the innermost scope before the scope closes. */
    void free(Tensor tensor);

    /** Whether the device's products of one x read it in 8 bits, if what makes it rounds it. */
    boolean readsRounded(Op.Linears op);

    /**
     * Whether a {@link Recorder} listens. Then operations keep what their gradients need, and are
     * not fused where fusing would lose it.
     */
    boolean isRecorded();
}
