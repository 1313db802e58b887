package glance.io;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A GGUF file of version 2 or 3: tensors in the types of ggml, many of them quantised. */
public final class GgufFile extends TensorFile {
    /** The key of the header that names what the tensors are for, such as {@code flux}. */
    public static final String ARCHITECTURE = "general.architecture";

    static final byte[] MAGIC = "GGUF".getBytes(StandardCharsets.ISO_8859_1);

    /** Vocabularies of text encoders take a few MB. */
    private static final int MAX_HEADER_BYTES = 1 << 28;

    private GgufFile(Path path, FileChannel channel, Content content) throws IOException {
        super(path, channel, content, Integer.MAX_VALUE);
    }

    /** Whether a file begins as GGUF files do. */
    public static boolean isGguf(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.size() >= MAGIC.length
                    && read(channel, 0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC));
        } catch (IOException e) {
            return false; // whoever opens it says why
        }
    }

    /**
     * Opens and checks a file.
     *
     * @throws FormatException if it is missing, damaged, of another version, or holds a type that
     *     the engine does not read
     */
    public static GgufFile open(Path file) {
        FileInput.requireRegularFile(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            long mapped = Math.min(size, MAX_HEADER_BYTES);
            ByteBuffer header = channel.map(FileChannel.MapMode.READ_ONLY, 0, mapped);
            return new GgufFile(
                    file,
                    channel,
                    GgufHeader.parse(file, header.order(ByteOrder.LITTLE_ENDIAN), size));
        } catch (IOException e) {
            throw FileInput.unreadable(file, e);
        }
    }
}
