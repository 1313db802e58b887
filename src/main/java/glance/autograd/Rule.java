package glance.autograd;

import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.Tensor;

/** The gradient rule of one kind of operation. */
@FunctionalInterface
interface Rule<O extends Op> {
    /**
     * Adds to the gradients of the operation's arguments.
     *
     * @param dy gradient of the result
     */
    void backward(O op, Tensor dy, Gradients gradients, Ops ops);
}
