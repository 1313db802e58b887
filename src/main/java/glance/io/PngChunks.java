package glance.io;

import glance.api.FormatException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG (ISO/IEC 15948, clause 5):
 *
 * <pre>
 * signature (8 bytes), then chunks up to IEND: length (4), type (4), content, CRC-32 (4)
 * </pre>
 *
 * What follows IEND is left alone.
 */
final class PngChunks {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int FRAME_BYTES = 12;
    private static final String END = "IEND";

    /** All that decides the pixels. */
    private static final List<String> PIXELS = List.of("IHDR", "PLTE", "tRNS", "IDAT", END);

    private PngChunks() {}

    /** Takes one chunk. */
    interface Visitor {
        /**
         * @param start of its content in the file
         */
        void chunk(String type, int start, int length);
    }

    static boolean isPng(byte[] file) {
        return file.length >= SIGNATURE.length
                && ByteBuffer.wrap(file, 0, SIGNATURE.length).equals(ByteBuffer.wrap(SIGNATURE));
    }

    /**
     * Walks over the chunks.
     *
     * @throws FormatException if the file ends before IEND
     */
    static void visit(Path file, byte[] bytes, Visitor visitor) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        int at = SIGNATURE.length;
        String type = "";
        while (!type.equals(END)) {
            int room = bytes.length - at - FRAME_BYTES;
            int length = room < 0 ? 0 : buffer.getInt(at);
            if (length < 0 || length > room) {
                throw damaged(file, "is cut off after " + bytes.length + " bytes");
            }
            type = new String(bytes, at + Integer.BYTES, Integer.BYTES, StandardCharsets.US_ASCII);
            visitor.chunk(type, at + 2 * Integer.BYTES, length);
            at += FRAME_BYTES + length;
        }
    }

    /**
     * The file without the chunks that do not decide the pixels: they need not be right, and other
     * readers would unpack them whatever their size.
     *
     * @throws FormatException if it is cut off, or a checksum is wrong
     */
    static byte[] pixels(Path file, byte[] bytes) {
        ByteBuffer kept = ByteBuffer.allocate(bytes.length);
        kept.put(SIGNATURE);
        ByteBuffer source = ByteBuffer.wrap(bytes);
        visit(
                file,
                bytes,
                (type, start, length) -> {
                    if (PIXELS.contains(type)) {
                        CRC32 crc = new CRC32();
                        crc.update(bytes, start - Integer.BYTES, Integer.BYTES + length);
                        if ((int) crc.getValue() != source.getInt(start + length)) {
                            throw damaged(file, "has a wrong checksum in chunk " + type);
                        }
                        kept.put(bytes, start - 2 * Integer.BYTES, FRAME_BYTES + length);
                    }
                });
        byte[] result = new byte[kept.position()];
        kept.get(0, result);
        return result;
    }

    private static FormatException damaged(Path file, String reason) {
        return new FormatException(
                file, null, "is a damaged picture: it " + reason, "make or fetch it again");
    }
}
