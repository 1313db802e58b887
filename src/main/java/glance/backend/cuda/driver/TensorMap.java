package glance.backend.cuda.driver;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@link TensorTiles} as a kernel takes them by value: 128 bytes that only the driver understands.
 *
 * @param words the bytes, 8 in each
 */
public record TensorMap(List<Long> words) {
    /** Bytes of a map. */
    static final int BYTES = 128;

    /** What the place of a map among the parameters is a multiple of. */
    static final int ALIGNMENT = 64;

    /** The map that a driver has written, in native order. */
    static TensorMap of(ByteBuffer bytes) {
        return new TensorMap(
                IntStream.range(0, BYTES / Long.BYTES)
                        .mapToObj(i -> bytes.getLong(i * Long.BYTES))
                        .toList());
    }
}
