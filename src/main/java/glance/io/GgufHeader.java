package glance.io;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.text.PrintableText;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the header of a GGUF file, and checks it against the size of the file.
 *
 * <pre>
 * "GGUF", version (u32), number of tensors, number of keys (u64)
 * key, type (u32), value                                          for each key
 * name, rank (u32), sizes (u64 each), type (u32), offset (u64)    for each tensor
 * zeros up to a multiple of general.alignment, then the data
 * </pre>
 *
 * A string is its length (u64) and its bytes. Sizes are innermost first. As in the reference
 * reader, each tensor follows the one before at the next multiple of the alignment.
 */
final class GgufHeader {
    private static final String ALIGNMENT = "general.alignment";
    static final String ORIGINAL_SHAPE = "comfy.gguf.orig_shape.";
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_RANK = 4;

    /** The shortest that a key or a tensor can be: what is said of more is not true. */
    private static final int MIN_KEY_BYTES = 13;

    private static final int MIN_TENSOR_BYTES = 24;

    private final Path file;
    private final GgufCursor header;
    private final long fileBytes;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, int[]> originalShapes = new LinkedHashMap<>();
    private long alignment = DEFAULT_ALIGNMENT;

    private GgufHeader(Path file, ByteBuffer header, long fileBytes) {
        this.file = file;
        this.header = new GgufCursor(file, header);
        this.fileBytes = fileBytes;
    }

    /**
     * Parses and checks a header.
     *
     * @param file only named in messages
     * @param header the file from its start on, little-endian; may end before the file does
     */
    static TensorFile.Content parse(Path file, ByteBuffer header, long fileBytes) {
        return new GgufHeader(file, header, fileBytes).parse();
    }

    private TensorFile.Content parse() {
        int magic = header.word("the mark GGUF");
        if (magic != 0x46554747) {
            throw damaged(null, "does not begin with GGUF");
        }
        requireVersion(header.word("the version"));
        long tensors = header.number("the number of tensors");
        long keys = header.number("the number of keys");
        requireRoom(tensors, MIN_TENSOR_BYTES, "tensors");
        requireRoom(keys, MIN_KEY_BYTES, "keys");
        for (long i = 0; i < keys; i++) {
            readKey();
        }
        List<TensorFile.Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < tensors; i++) {
            TensorFile.Entry entry = readTensor();
            if (!names.add(entry.info().name())) {
                throw damaged(entry.info().name(), "is there twice");
            }
            entries.add(entry);
        }
        entries.sort(
                Comparator.comparingLong(TensorFile.Entry::begin)
                        .thenComparingLong(TensorFile.Entry::end));
        long dataStart = aligned(header.position());
        requireOrder(entries, fileBytes - dataStart);
        return new TensorFile.Content(
                Collections.unmodifiableMap(metadata), dataStart, List.copyOf(entries));
    }

    private void requireVersion(int version) {
        if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(3)) {
            throw new FormatException(
                    file, null, "is a big-endian GGUF file", "fetch the little-endian one");
        }
        if (version != 2 && version != 3) {
            throw new FormatException(
                    file,
                    null,
                    "is GGUF of version " + Integer.toUnsignedString(version),
                    "versions 2 and 3 are read; convert it with the tools of llama.cpp");
        }
    }

    private void requireRoom(long count, int bytes, String what) {
        if (count < 0 || count > header.remaining() / bytes) {
            throw damaged(
                    null,
                    "says that it has "
                            + Long.toUnsignedString(count)
                            + " "
                            + what
                            + ", more than fit in the file");
        }
    }

    private void readKey() {
        String key = header.text("a key");
        int type = header.word(key);
        if (metadata.containsKey(key)) {
            throw damaged(key, "is there twice");
        }
        if (type != Value.ARRAY) {
            String value =
                    type == Value.STRING
                            ? header.text(key)
                            : header.scalar(key, type, size(key, type));
            metadata.put(key, value);
            if (key.equals(ALIGNMENT)) {
                alignment = alignment(type, value);
            }
            return;
        }
        int elementType = header.word(key);
        long count = header.number(key);
        requireRoom(
                count,
                elementType == Value.STRING ? Long.BYTES : 1,
                "values in " + PrintableText.quoted(key));
        metadata.put(key, count + " values");
        if (key.startsWith(ORIGINAL_SHAPE)) {
            originalShapes.put(
                    key.substring(ORIGINAL_SHAPE.length()), sizes(key, elementType, count));
        } else {
            skip(key, elementType, count);
        }
    }

    private void skip(String key, int type, long count) {
        if (type == Value.STRING) {
            for (long i = 0; i < count; i++) {
                header.skip(key, header.number(key));
            }
        } else {
            header.skip(key, count * size(key, type));
        }
    }

    private int[] sizes(String key, int type, long count) {
        if (type != Value.I32 || count > Integer.BYTES * MAX_RANK) {
            throw damaged(key, "must be a short list of 32-bit integers");
        }
        int[] sizes = new int[(int) count];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = header.word(key);
            if (sizes[i] <= 0) {
                throw damaged(key, "must hold positive sizes, got " + sizes[i]);
            }
        }
        return sizes;
    }

    private long alignment(int type, String value) {
        long wanted = type == Value.U32 ? Long.parseLong(value) : 0;
        if (wanted < 1 || wanted > 1 << 20 || Long.bitCount(wanted) != 1) {
            throw damaged(ALIGNMENT, "must be a power of two, got " + value);
        }
        return wanted;
    }

    /** Types of values in a header. */
    static final class Value {
        static final int U32 = 4;
        static final int I32 = 5;
        static final int STRING = 8;
        static final int ARRAY = 9;

        /** Bytes of each type; 0 for strings and arrays. */
        static final int[] BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    }

    private int size(String key, int type) {
        int size = type >= 0 && type < Value.BYTES.length ? Value.BYTES[type] : 0;
        if (size == 0) {
            throw damaged(key, "is of type " + Integer.toUnsignedString(type) + ", not known here");
        }
        return size;
    }

    private TensorFile.Entry readTensor() {
        String name = header.text("the name of a tensor");
        int rank = header.word(name);
        if (rank < 0 || rank > MAX_RANK) {
            throw damaged(
                    name,
                    "has " + Integer.toUnsignedString(rank) + " dimensions, over " + MAX_RANK);
        }
        int[] dims = new int[rank];
        for (int i = rank - 1; i >= 0; i--) {
            long size = header.number(name);
            if (size < 0 || size > Integer.MAX_VALUE) {
                throw damaged(
                        name,
                        "dimension "
                                + Long.toUnsignedString(size)
                                + " is over "
                                + Integer.MAX_VALUE);
            }
            dims[i] = (int) size;
        }
        int type = header.word(name);
        long offset = header.number(name);
        DType dtype = GgufType.of(type);
        if (dtype == null) {
            throw new FormatException(
                    file,
                    name,
                    "is of type " + GgufType.name(type) + ", which is not read",
                    "fetch the file in one of the types " + GgufType.known());
        }
        if (rank > 0 && dims[rank - 1] % dtype.blockElements() != 0) {
            throw damaged(name, "rows of " + dims[rank - 1] + " are no whole blocks of " + dtype);
        }
        Shape shape = shape(name, dims);
        long bytes;
        try {
            bytes = dtype.bytes(shape.numel());
        } catch (ArithmeticException e) {
            throw damaged(name, "shape " + shape + " of " + dtype + " overflows");
        }
        if (offset < 0 || offset > fileBytes || bytes > fileBytes - offset) {
            throw damaged(
                    name,
                    "data of "
                            + bytes
                            + " bytes at "
                            + Long.toUnsignedString(offset)
                            + " goes beyond the end of the file");
        }
        return new TensorFile.Entry(new TensorInfo(name, dtype, shape, bytes), offset);
    }

    /** The stored sizes, or those that the tensor had before a tool flattened it. */
    private Shape shape(String name, int[] dims) {
        int[] original = originalShapes.get(name);
        try {
            Shape stored = Shape.of(dims);
            Shape shape = original == null ? stored : Shape.of(original);
            if (shape.numel() != stored.numel()) {
                throw damaged(ORIGINAL_SHAPE + name, "is " + shape + ", the tensor " + stored);
            }
            return shape;
        } catch (ArithmeticException e) {
            throw damaged(name, "shape " + Arrays.toString(dims) + " overflows");
        }
    }

    private void requireOrder(List<TensorFile.Entry> entries, long dataBytes) {
        long expected = 0;
        long end = 0;
        for (TensorFile.Entry entry : entries) {
            if (entry.begin() != expected) {
                throw damaged(
                        entry.info().name(),
                        "data is at byte " + entry.begin() + ", expected at " + expected);
            }
            end = entry.end();
            expected = aligned(end);
        }
        if (end > Math.max(0, dataBytes) || dataBytes > expected) {
            throw damaged(
                    null,
                    "tensors end at byte "
                            + end
                            + " but the file holds "
                            + dataBytes
                            + " bytes of data");
        }
    }

    private long aligned(long position) {
        return (position + alignment - 1) / alignment * alignment;
    }

    private FormatException damaged(String where, String reason) {
        return header.damaged(where, reason);
    }
}
