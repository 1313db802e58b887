package glance.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Hand-made GGUF files, valid or not. */
final class GgufBytes {
    static final int F32 = 0;
    static final int Q8_0 = 8;

    private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
    private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
    private int version = 3;
    private int alignment = 32;
    private long keyCount;
    private long tensorCount;

    GgufBytes version(int wanted) {
        version = wanted;
        return this;
    }

    GgufBytes alignment(int wanted) {
        alignment = wanted;
        return this;
    }

    /** Says that there are more than there are. */
    GgufBytes claim(long tensorsMore, long keysMore) {
        tensorCount += tensorsMore;
        keyCount += keysMore;
        return this;
    }

    GgufBytes string(String key, String value) {
        text(keys, key);
        word(keys, 8);
        text(keys, value);
        keyCount++;
        return this;
    }

    /** A 32-bit number; type 4 without sign, 5 with one. */
    GgufBytes number(String key, int type, int value) {
        text(keys, key);
        word(keys, type);
        word(keys, value);
        keyCount++;
        return this;
    }

    GgufBytes integers(String key, long count, int... values) {
        text(keys, key);
        word(keys, 9);
        word(keys, 5);
        number(keys, count);
        for (int value : values) {
            word(keys, value);
        }
        keyCount++;
        return this;
    }

    /**
     * @param sizes innermost first
     */
    GgufBytes tensor(String name, int type, long offset, long... sizes) {
        text(tensors, name);
        word(tensors, sizes.length);
        for (long size : sizes) {
            number(tensors, size);
        }
        word(tensors, type);
        number(tensors, offset);
        tensorCount++;
        return this;
    }

    /** The file with data of ones, after zeros up to a multiple of the alignment. */
    byte[] build(int dataBytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.ISO_8859_1));
        word(out, version);
        number(out, tensorCount);
        number(out, keyCount);
        out.writeBytes(keys.toByteArray());
        out.writeBytes(tensors.toByteArray());
        out.writeBytes(new byte[Math.floorMod(-out.size(), alignment)]);
        for (int i = 0; i < dataBytes; i++) {
            out.write(1);
        }
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(out, bytes.length);
        out.writeBytes(bytes);
    }

    private static void word(ByteArrayOutputStream out, int value) {
        out.writeBytes(little(Integer.BYTES).putInt(value).array());
    }

    private static void number(ByteArrayOutputStream out, long value) {
        out.writeBytes(little(Long.BYTES).putLong(value).array());
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
