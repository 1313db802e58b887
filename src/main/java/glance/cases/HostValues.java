package glance.cases;

import glance.backend.Device;
import glance.formula.Elements;
import glance.io.HostFloats;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The elements of a tensor in the bytes that a device gives and takes. */
record HostValues(DType dtype, ByteBuffer bytes) implements Elements {
    /** All elements of a contiguous tensor. */
    static HostValues read(Device device, Tensor tensor) {
        ByteBuffer buffer = buffer(tensor.dtype(), tensor.numel());
        device.memory().read(tensor, buffer);
        return new HostValues(tensor.dtype(), buffer.rewind());
    }

    /** The given elements. */
    static HostValues of(DType dtype, Elements elements, long count) {
        ByteBuffer bytes = buffer(dtype, count);
        int period = (int) (elements instanceof Numbers ? Math.min(count, Numbers.PERIOD) : count);
        float[] one = new float[1];
        for (int i = 0; i < period; i++) {
            switch (dtype) {
                case I32 -> bytes.putInt(Integer.BYTES * i, (int) elements.at(i));
                case U8 -> bytes.put(i, (byte) elements.at(i));
                default -> {
                    one[0] = (float) elements.at(i);
                    HostFloats.write(dtype, bytes, i, one);
                }
            }
        }
        int size = period * dtype.bytes();
        for (int at = size; at < bytes.capacity(); at += size) {
            bytes.put(at, bytes, 0, Math.min(size, bytes.capacity() - at));
        }
        return new HostValues(dtype, bytes);
    }

    private static ByteBuffer buffer(DType dtype, long count) {
        int bytes = Math.toIntExact(dtype.bytes(count));
        // direct, as a mapped file is
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public double at(long i) {
        return switch (dtype) {
            case I32 -> bytes.getInt(Integer.BYTES * (int) i);
            case U8 -> bytes.get((int) i) & 0xff;
            default -> {
                float[] value = new float[1];
                HostFloats.read(dtype, bytes, (int) i, value);
                yield value[0];
            }
        };
    }
}
