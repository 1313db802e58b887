package glance.autograd;

import glance.ops.Ops;
import glance.ops.parity.HostArray;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;

/** Numbers drawn by name: the same on both sides, and representable in float32. */
record Constants(long seed) {
    /** Normally distributed numbers. */
    HostArray host(String name, int... dims) {
        Random random = new Random(seed * 31 + name.hashCode());
        HostArray result = HostArray.zeros(dims);
        Arrays.setAll(result.values(), i -> (float) random.nextGaussian());
        return result;
    }

    /** The same numbers on the device. */
    Tensor on(Ops ops, String name, int... dims) {
        return upload(ops, host(name, dims));
    }

    static Tensor upload(Ops ops, HostArray array) {
        float[] floats = new float[array.values().length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) array.get(i);
        }
        return ops.host().floats(Shape.of(array.dims()), floats);
    }
}
