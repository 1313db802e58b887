package glance.io;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A safetensors file. */
public final class SafetensorsFile extends TensorFile {
    private static final int LENGTH_BYTES = Long.BYTES;

    private SafetensorsFile(Path path, FileChannel channel, Content content, int windowBytes)
            throws IOException {
        super(path, channel, content, windowBytes);
    }

    /**
     * Opens and checks a file.
     *
     * @throws FormatException if it is missing or damaged, or holds an element type that the engine
     *     does not know
     */
    public static SafetensorsFile open(Path file) {
        return open(file, Integer.MAX_VALUE);
    }

    /** As {@link #open(Path)}, with mappings of at most {@code windowBytes}. */
    static SafetensorsFile open(Path file, int windowBytes) {
        FileInput.requireRegularFile(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            byte[] json = readHeader(file, channel);
            long dataStart = LENGTH_BYTES + (long) json.length;
            SafetensorsHeader header =
                    SafetensorsHeader.parse(file, json, channel.size() - dataStart);
            Content content = new Content(header.metadata(), dataStart, header.entries());
            return new SafetensorsFile(file, channel, content, windowBytes);
        } catch (IOException e) {
            throw FileInput.unreadable(file, e);
        }
    }

    private static byte[] readHeader(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        int known = (int) Math.min(size, ForeignFile.START_BYTES);
        ByteBuffer start = read(channel, 0, known);
        // The format forbids space before the header, by which other kinds of file are told apart.
        if (size <= LENGTH_BYTES || start.get(LENGTH_BYTES) != '{') {
            FormatException foreign = ForeignFile.refusal(file, start.array());
            if (foreign != null) {
                throw foreign;
            }
        }
        if (size < LENGTH_BYTES) {
            throw damaged(file, "is " + size + " bytes, too short for a safetensors file");
        }
        long length = start.getLong();
        if (length < 0 || length > SafetensorsHeader.MAX_HEADER_BYTES) {
            throw damaged(
                    file,
                    "header length "
                            + Long.toUnsignedString(length)
                            + " is over the limit of "
                            + SafetensorsHeader.MAX_HEADER_BYTES
                            + " bytes");
        }
        if (length > size - LENGTH_BYTES) {
            throw damaged(
                    file,
                    "header length "
                            + length
                            + " goes beyond the end of the file ("
                            + size
                            + " bytes)");
        }
        return read(channel, LENGTH_BYTES, (int) length).array();
    }

    private static FormatException damaged(Path file, String reason) {
        return new FormatException(
                file, null, reason, "check that it is a safetensors file and fetch it again");
    }
}
