package glance.tokenizer;

import glance.api.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Reads the fields of one protocol buffer message, in order; enough for sentencepiece models. */
final class Protobuf {
    private final Path file;
    private final ByteBuffer bytes;
    private int field;
    private int wireType;

    /**
     * @param file only named in messages
     */
    Protobuf(Path file, ByteBuffer bytes) {
        this.file = file;
        this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Goes to the next field; false at the end. Read or {@link #skip} each field. */
    boolean next() {
        if (!bytes.hasRemaining()) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        wireType = (int) (tag & 7);
        return true;
    }

    /** Number of this field. */
    int field() {
        return field;
    }

    /** The value of a whole number. */
    long number() {
        expect(0);
        return varint();
    }

    /** The value of a 32-bit float. */
    float floating() {
        expect(5);
        require(4);
        return bytes.getFloat();
    }

    /** The bytes of a string, of bytes, or of an inner message. */
    ByteBuffer block() {
        expect(2);
        long length = varint();
        require(length);
        ByteBuffer block = bytes.slice(bytes.position(), (int) length);
        bytes.position(bytes.position() + (int) length);
        return block;
    }

    /** Passes over the value of this field. */
    void skip() {
        switch (wireType) {
            case 0 -> varint();
            case 1 -> advance(8);
            case 2 -> block();
            case 5 -> advance(4);
            default -> throw damaged("holds a field of unknown kind " + wireType);
        }
    }

    private void advance(int count) {
        require(count);
        bytes.position(bytes.position() + count);
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            require(1);
            byte part = bytes.get();
            value |= (long) (part & 0x7f) << shift;
            if (part >= 0) {
                return value;
            }
        }
        throw damaged("holds a number of more than 64 bits");
    }

    private void expect(int wanted) {
        if (wireType != wanted) {
            throw damaged("field " + field + " has kind " + wireType + ", expected " + wanted);
        }
    }

    private void require(long count) {
        if (count < 0 || count > bytes.remaining()) {
            throw damaged("ends in the middle of a field");
        }
    }

    private FormatException damaged(String reason) {
        return new FormatException(file, null, reason, "fetch the tokenizer files again");
    }
}
