package glance.io;

import glance.api.FormatException;
import glance.text.PrintableText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Reads whole files; what stands in the way is a {@link FormatException} that names the file. */
public final class FileInput {
    private static final long MAX_TEXT_BYTES = 256_000_000;
    private static final int MAX_NAMES = 3;

    private FileInput() {}

    /** Refuses a missing file, and what might block: a folder, a pipe, a device. */
    static void requireRegularFile(Path file) {
        if (Files.isRegularFile(file)) {
            return;
        }
        if (Files.isDirectory(file)) {
            throw new FormatException(file, null, "is a folder, not a file", within(file));
        }
        if (Files.exists(file)) {
            throw new FormatException(file, null, "is not a regular file", "check the path");
        }
        if (Files.isSymbolicLink(file)) {
            throw danglingLink(file);
        }
        throw new FormatException(file, null, "no such file", "check the path");
    }

    /** Downloads of the Hugging Face hub are links to blobs, which are lost when one is cleaned. */
    static FormatException danglingLink(Path link) {
        String target;
        try {
            target = Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            throw unreadable(link, e);
        }
        return new FormatException(
                link,
                null,
                "is a link to " + PrintableText.quoted(target) + ", which is not there",
                "fetch the model again, or copy it with what its links point to (cp -rL)");
    }

    /** Names a few files of a folder, one of which may be meant. */
    private static String within(Path folder) {
        List<String> names =
                names(folder).stream().filter(n -> Files.isRegularFile(folder.resolve(n))).toList();
        if (names.isEmpty()) {
            return "check the path";
        }
        String some =
                PrintableText.quoted(
                        String.join(", ", names.subList(0, Math.min(names.size(), MAX_NAMES))));
        return "give a file in it, such as " + some;
    }

    /** The names in a folder, sorted; links that lead nowhere among them. */
    static List<String> names(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> child.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    /** The content of a file of at most {@code maxBytes}. */
    public static byte[] bytes(Path file, long maxBytes) {
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
    public static String text(Path file) {
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
