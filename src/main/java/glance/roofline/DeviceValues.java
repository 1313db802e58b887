package glance.roofline;

import glance.backend.Device;
import glance.formula.Elements;
import glance.io.HostFloats;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The elements of a tensor as a device computed them. */
record DeviceValues(DType dtype, ByteBuffer bytes) implements Elements {
    /** All elements of a contiguous tensor. */
    static DeviceValues read(Device device, Tensor tensor) {
        int bytes = Math.toIntExact(tensor.numel() * tensor.dtype().bytes());
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        device.memory().read(tensor, buffer);
        return new DeviceValues(tensor.dtype(), buffer);
    }

    @Override
    public double at(long i) {
        float[] value = new float[1];
        HostFloats.read(dtype, bytes, (int) i, value);
        return value[0];
    }
}
