package glance.backend.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The arguments of a launch, packed as the kernel's parameters are. Each method adds one and
 * returns this.
 */
public final class Arguments {
    /** Room for the arguments of any kernel. */
    static final int MAX_BYTES = 1024;

    private static final int MAX_COUNT = 64;

    private final ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.nativeOrder());
    private final int[] offsets = new int[MAX_COUNT];
    private final int[] sizes = new int[MAX_COUNT];
    private final StringBuilder kinds = new StringBuilder();

    /** An address of the device; 0 for none. */
    public Arguments pointer(long address) {
        slot('p', 8).putLong(address);
        return this;
    }

    public Arguments i32(int value) {
        slot('i', 4).putInt(value);
        return this;
    }

    public Arguments i64(long value) {
        slot('l', 8).putLong(value);
        return this;
    }

    public Arguments f32(float value) {
        slot('f', 4).putFloat(value);
        return this;
    }

    /** A struct that the kernel takes by value; its fields must not need padding at the end. */
    public Arguments struct(long... fields) {
        ByteBuffer slot = slot('s', 8 * fields.length);
        for (long field : fields) {
            slot.putLong(field);
        }
        return this;
    }

    private ByteBuffer slot(char kind, int size) {
        int align = size < 8 ? size : 8;
        int offset = (bytes.position() + align - 1) / align * align;
        offsets[kinds.length()] = offset;
        sizes[kinds.length()] = size;
        kinds.append(kind);
        return bytes.position(offset);
    }

    int count() {
        return kinds.length();
    }

    /** One letter for each argument: p i l f, s for a struct. */
    String kinds() {
        return kinds.toString();
    }

    /** Where each argument lies in {@link #bytes}. */
    int[] offsets() {
        return offsets;
    }

    /** Bytes of each argument. */
    int[] sizes() {
        return sizes;
    }

    /** The arguments, from offset 0 to the end of the last one. */
    ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.nativeOrder()).flip();
    }
}
