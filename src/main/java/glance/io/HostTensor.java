package glance.io;

import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;

/**
 * A tensor in host memory, ready to be written to a file.
 *
 * @param dtype element type
 * @param shape dimensions, outermost first
 * @param data the elements, little-endian and row-major, from the buffer's position to its limit
 */
public record HostTensor(DType dtype, Shape shape, ByteBuffer data) {
    /**
     * @throws IllegalArgumentException if the data is not exactly as long as shape and dtype say
     */
    public HostTensor {
        long want = dtype.bytes(shape.numel());
        if (data.remaining() != want) {
            throw new IllegalArgumentException(
                    "HostTensor: data must be "
                            + want
                            + " bytes for "
                            + shape
                            + " of "
                            + dtype
                            + ", got "
                            + data.remaining());
        }
    }
}
