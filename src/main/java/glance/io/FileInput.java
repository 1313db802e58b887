package glance.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads whole files; what stands in the way is a {@link FormatException} that names the file. */
final class FileInput {
    private static final long MAX_TEXT_BYTES = 256_000_000;

    private FileInput() {}

    /** Refuses a missing file, and what might block: a folder, a pipe, a device. */
    static void requireRegularFile(Path file) {
        if (Files.isRegularFile(file)) {
            return;
        }
        String reason = "no such file";
        if (Files.exists(file)) {
            reason = Files.isDirectory(file) ? "is a folder, not a file" : "is not a regular file";
        }
        throw new FormatException(file, null, reason, "check the path");
    }

    /** The content of a file of at most {@code maxBytes}. */
    static byte[] bytes(Path file, long maxBytes) {
        requireRegularFile(file);
        try {
            long size = Files.size(file);
            if (size > maxBytes) {
                throw new FormatException(
                        file,
                        null,
                        "is " + size + " bytes, more than the " + maxBytes + " allowed here",
                        "check that it is the right file");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** The content of a UTF-8 text file. */
    static String text(Path file) {
        byte[] bytes = bytes(file, MAX_TEXT_BYTES);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(file, null, "is not UTF-8 text", "fetch the file again", e);
        }
    }

    static FormatException unreadable(Path file, IOException cause) {
        return new FormatException(
                file, null, "cannot be read (" + cause + ")", "check permissions and disk", cause);
    }
}
