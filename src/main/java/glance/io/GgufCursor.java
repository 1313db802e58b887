package glance.io;

import glance.api.FormatException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads the header of a GGUF file value by value, and never beyond its end. */
final class GgufCursor {
    private static final String FETCH_AGAIN = "the file is damaged, fetch or write it again";

    private final Path file;
    private final ByteBuffer header;

    /**
     * @param file only named in messages
     * @param header little-endian, from its position on
     */
    GgufCursor(Path file, ByteBuffer header) {
        this.file = file;
        this.header = header;
    }

    int position() {
        return header.position();
    }

    int remaining() {
        return header.remaining();
    }

    /**
     * A 32-bit number.
     *
     * @param where what it belongs to, for messages
     */
    int word(String where) {
        return header.getInt(skip(where, Integer.BYTES));
    }

    /** A 64-bit number. */
    long number(String where) {
        return header.getLong(skip(where, Long.BYTES));
    }

    /** A length, and so many bytes of UTF-8. */
    String text(String where) {
        long length = number(where);
        int at = skip(where, length);
        byte[] bytes = new byte[(int) length];
        header.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * A number or a truth value in words.
     *
     * @param type its number in the format
     * @param bytes its size
     */
    String scalar(String key, int type, int bytes) {
        int at = skip(key, bytes);
        return switch (type) {
            case 0 -> Integer.toString(header.get(at) & 0xff);
            case 1 -> Integer.toString(header.get(at));
            case 2 -> Integer.toString(header.getShort(at) & 0xffff);
            case 3 -> Integer.toString(header.getShort(at));
            case 4 -> Integer.toUnsignedString(header.getInt(at));
            case 5 -> Integer.toString(header.getInt(at));
            case 6 -> Float.toString(header.getFloat(at));
            case 7 -> Boolean.toString(header.get(at) != 0);
            case 10 -> Long.toUnsignedString(header.getLong(at));
            case 11 -> Long.toString(header.getLong(at));
            default -> Double.toString(header.getDouble(at));
        };
    }

    /**
     * Steps over bytes.
     *
     * @return where they begin
     * @throws FormatException if they are not all there
     */
    int skip(String where, long count) {
        int at = header.position();
        if (count < 0 || count > header.remaining()) {
            throw damaged(where, "the header ends within it");
        }
        header.position(at + (int) count);
        return at;
    }

    FormatException damaged(String where, String reason) {
        return new FormatException(file, where, reason, FETCH_AGAIN);
    }
}
