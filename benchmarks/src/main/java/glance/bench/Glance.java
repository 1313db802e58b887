package glance.bench;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The engine in this JVM: its CPU device, and weights as it would map them from a file. */
final class Glance implements AutoCloseable {
    private final Device device;
    private final Ops ops;

    Glance(int threads) {
        device = Devices.open("cpu", new DeviceOptions(threads, null));
        ops = new Ops(device);
    }

    Ops ops() {
        return ops;
    }

    /** An activation or a small vector. */
    Tensor floats(float[] values, int... dims) {
        return ops.host().floats(Shape.of(dims), values);
    }

    /**
     * A weight stored as {@code dtype}, F32 or BF16. For BF16 {@code values} are rounded in place,
     * so that the peer multiplies by the same numbers.
     */
    Tensor weight(DType dtype, float[] values, int... dims) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(values.length * dtype.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN);
        switch (dtype) {
            case F32 -> bytes.asFloatBuffer().put(values);
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    int bits = Float.floatToRawIntBits(values[i]);
                    int rounded = (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16; // ties to even
                    bytes.putShort(2 * i, (short) rounded);
                    values[i] = Float.intBitsToFloat(rounded << 16);
                }
            }
            default -> throw new IllegalArgumentException("weights are F32 or BF16, not " + dtype);
        }
        return device.memory().adopt(dtype, Shape.of(dims), bytes);
    }

    @Override
    public void close() {
        ops.close();
        device.close();
    }
}
