package glance.autograd;

import glance.cases.Arguments;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One operation at one size.
 *
 * @param kind whose rule it is about
 * @param shapes of the arguments that want gradients
 * @param depth longest sum behind one element of a gradient
 * @param forward the operation on these arguments; it draws what needs no gradient
 */
record GradientCase(
        String name, Class<? extends Op> kind, List<int[]> shapes, int depth, Forward forward) {
    /** The operation. */
    @FunctionalInterface
    interface Forward {
        Tensor run(Arguments a, List<Tensor> arguments);
    }

    /** The arguments that want gradients. */
    List<Tensor> draw(Arguments a) {
        return shapes.stream().map(a::floats).toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
