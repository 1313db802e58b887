package glance.autograd;

import glance.op.Op;
import glance.ops.Ops;
import glance.ops.parity.HostArray;
import glance.tensor.Tensor;
import java.util.List;

/**
 * One operation at one size.
 *
 * @param kind whose rule it is about
 * @param shapes of the arguments that want gradients
 * @param depth longest sum behind one element of a gradient
 * @param forward the operation on the engine
 * @param reference the same in float64
 */
record GradientCase(
        String name,
        Class<? extends Op> kind,
        List<int[]> shapes,
        int depth,
        Forward forward,
        Reference reference) {

    /** The engine's side; {@code constants} makes what needs no gradient. */
    @FunctionalInterface
    interface Forward {
        Tensor run(Ops ops, List<Tensor> arguments, Constants constants);
    }

    /** The plain side. */
    @FunctionalInterface
    interface Reference {
        HostArray run(List<HostArray> arguments, Constants constants);
    }

    @Override
    public String toString() {
        return name;
    }
}
