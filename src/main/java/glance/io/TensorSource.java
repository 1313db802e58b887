package glance.io;

import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.Supplier;

/**
 * A tensor whose data is made when its turn to be written comes, so that a file may be larger than
 * memory.
 *
 * @param dtype element type
 * @param shape dimensions, outermost first
 * @param data asked once; little-endian and row-major, from the buffer's position to its limit
 */
public record TensorSource(DType dtype, Shape shape, Supplier<ByteBuffer> data) {
    private static final int WRITE_BYTES = 1 << 20;

    /** Size of the data in bytes. */
    public long bytes() {
        return dtype.bytes(shape.numel());
    }

    /**
     * Appends the data to a file.
     *
     * @throws IllegalArgumentException naming the tensor, if there is more or less than its shape
     *     says
     */
    void writeTo(FileChannel channel, String name) throws IOException {
        ByteBuffer made = data.get().duplicate();
        if (made.remaining() != bytes()) {
            throw new IllegalArgumentException(
                    name + ": must be " + bytes() + " bytes, got " + made.remaining());
        }
        write(channel, made);
    }

    /** Appends bytes to a file. */
    static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        // The JDK copies what it writes to a buffer outside the heap: in pieces, that stays small.
        int end = bytes.limit();
        while (bytes.position() < end) {
            bytes.limit(Math.min(end, bytes.position() + WRITE_BYTES));
            channel.write(bytes);
        }
    }
}
