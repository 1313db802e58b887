package glance.backend.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * The arguments of a launch, packed as the kernel's parameters are. Each method adds one and
 * returns this. Made for every launch, so kept small.
 */
public final class Arguments {
    /** Most bytes of the arguments of any kernel. */
    static final int MAX_BYTES = 2048;

    /** Most arguments of any kernel. */
    static final int MAX_COUNT = 64;

    /** Room at first, which most kernels' arguments fit into. */
    private static final int USUAL_BYTES = 128;

    private static final int USUAL_COUNT = 20;

    private ByteBuffer bytes = room(USUAL_BYTES);
    private byte[] kinds = new byte[USUAL_COUNT];
    private short[] sizes = new short[USUAL_COUNT];
    private int count;

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

    /** A TENSOR_MAP parameter. */
    public Arguments tensorMap(TensorMap map) {
        ByteBuffer slot = slot('t', TensorMap.BYTES);
        for (long word : map.words()) {
            slot.putLong(word);
        }
        return this;
    }

    private ByteBuffer slot(char kind, int size) {
        int offset = aligned(bytes.position(), kind, size);
        if (offset + size > bytes.capacity()) {
            bytes = room(MAX_BYTES).put(bytes.flip());
        }
        if (count == kinds.length) {
            kinds = Arrays.copyOf(kinds, MAX_COUNT);
            sizes = Arrays.copyOf(sizes, MAX_COUNT);
        }
        kinds[count] = (byte) kind;
        sizes[count] = (short) size;
        count++;
        return bytes.position(offset);
    }

    private static ByteBuffer room(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    /** Where a parameter begins that follows others. */
    private static int aligned(int end, char kind, int size) {
        int align = kind == 't' ? TensorMap.ALIGNMENT : Math.min(size, 8);
        return (end + align - 1) / align * align;
    }

    int count() {
        return count;
    }

    /** One letter for each argument: p i l f, s for a struct, t for a tensor map. */
    String kinds() {
        return new String(kinds, 0, count, StandardCharsets.ISO_8859_1);
    }

    /** Where each argument lies in {@link #bytes}. */
    int[] offsets() {
        int[] offsets = new int[count];
        int end = 0;
        for (int i = 0; i < count; i++) {
            offsets[i] = aligned(end, (char) kinds[i], sizes[i]);
            end = offsets[i] + sizes[i];
        }
        return offsets;
    }

    /** Bytes of each argument. */
    int[] sizes() {
        int[] all = new int[count];
        for (int i = 0; i < count; i++) {
            all[i] = sizes[i];
        }
        return all;
    }

    /**
     * Numbers that may be addresses: the pointers, and the fields of structs and of the emulator's
     * tensor maps.
     */
    long[] addresses() {
        int[] offsets = offsets();
        ByteBuffer all = bytes();
        LongStream.Builder found = LongStream.builder();
        for (int i = 0; i < count; i++) {
            if (kinds[i] == 'p' || kinds[i] == 's' || kinds[i] == 't') {
                for (int at = 0; at < sizes[i]; at += Long.BYTES) {
                    found.add(all.getLong(offsets[i] + at));
                }
            }
        }
        return found.build().toArray();
    }

    /** The arguments, from offset 0 to the end of the last one. */
    ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.nativeOrder()).flip();
    }
}
