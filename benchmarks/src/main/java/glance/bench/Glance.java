package glance.bench;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.SplittableRandom;

/** The engine in this JVM: its CPU device. */
final class Glance implements AutoCloseable {
    private final SplittableRandom random = new SplittableRandom(20251202);
    private final Device device;
    private final Ops ops;

    Glance(int threads) {
        device = Devices.open("cpu", new DeviceOptions(threads, null));
        ops = new Ops(device);
    }

    Ops ops() {
        return ops;
    }

    /** Repeatable normally distributed numbers. */
    Tensor random(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.host().floats(shape, values);
    }

    @Override
    public void close() {
        ops.close();
        device.close();
    }
}
