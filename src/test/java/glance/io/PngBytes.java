package glance.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** PNG files made chunk by chunk, as no library would write them. */
final class PngBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** A picture of one row that is not ended yet. */
    static PngBytes row(int width, int bits, int colourType) {
        PngBytes result = new PngBytes();
        result.bytes.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(1);
        header.put((byte) bits).put((byte) colourType);
        return result.chunk("IHDR", header.array());
    }

    PngBytes chunk(String type, byte[] content) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(content);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
        bytes.writeBytes(name);
        bytes.writeBytes(content);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
        return this;
    }

    /** The file, with the samples of its row. */
    byte[] end(byte[] samples) {
        byte[] filtered = ByteBuffer.allocate(1 + samples.length).put(1, samples).array();
        return chunk("IDAT", deflated(filtered)).chunk("IEND", new byte[0]).bytes.toByteArray();
    }

    static byte[] deflated(byte[] content) {
        Deflater deflater = new Deflater();
        deflater.setInput(content);
        deflater.finish();
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 16];
        while (!deflater.finished()) {
            result.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        return result.toByteArray();
    }

    /** Keyword, what follows it, and a text, as text chunks hold them. */
    static byte[] text(String keyword, byte[] between, byte[] text) {
        byte[] name = (keyword + "\0").getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(name.length + between.length + text.length)
                .put(name)
                .put(between)
                .put(text)
                .array();
    }
}
