package glance.train;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Finds the tensor in which numbers went wrong. Reads whole tensors: for failures, not for steps.
 */
final class Finite {
    private final Ops ops;

    Finite(Ops ops) {
        this.ops = ops;
    }

    /** Whether all values are finite. */
    boolean is(Tensor tensor) {
        try (Scope scope = ops.scope()) {
            FloatBuffer values = ops.host().floats(ops.cast(ops.contiguous(tensor), DType.F32));
            while (values.hasRemaining()) {
                if (!Float.isFinite(values.get())) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Whether all values are finite; those of integers are. */
    static boolean is(HostTensor tensor) {
        if (!HostFloats.supports(tensor.dtype())) {
            return true;
        }
        for (float value : HostFloats.read(tensor)) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    /** The name of the first matrix of an adapter that is not finite, or null if all are. */
    String firstOdd(TrainableAdapter adapter) {
        for (Map.Entry<String, Tensor> parameter : adapter.named().entrySet()) {
            if (!is(parameter.getValue())) {
                return parameter.getKey();
            }
        }
        return null;
    }
}
