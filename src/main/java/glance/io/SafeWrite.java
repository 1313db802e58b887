package glance.io;

import glance.text.PrintableText;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Writes a file or a folder aside, beside its place, and moves it there when it is complete: a
 * reader never sees half of it, and a failure leaves what was there before.
 */
public final class SafeWrite {
    private SafeWrite() {}

    /** Writes the content of one file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Fills a folder. */
    @FunctionalInterface
    public interface FolderContent {
        void writeTo(Path folder) throws IOException;
    }

    /** As {@link #write(Path, Content)}, with the content in memory. */
    public static void write(Path target, byte[] content) {
        write(target, channel -> writeAll(channel, content));
    }

    /** As {@link #write(Path, Content)}, of text in UTF-8. */
    public static void write(Path target, String content) {
        write(target, content.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes a file that must not be there yet, also if another program makes one of that name at
     * the same moment.
     *
     * @return false, with nothing changed, if the name is taken
     * @throws UncheckedIOException as {@link #write(Path, Content)}
     */
    public static boolean create(Path target, byte[] content) {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        requireWritable(target);
        try {
            Path aside = aside(target);
            try {
                fill(aside, channel -> writeAll(channel, content));
                return place(aside, target);
            } finally {
                Files.deleteIfExists(aside);
            }
        } catch (IOException e) {
            throw failed(target, describe(e), "check permissions and free space", e);
        }
    }

    /** Writes to a device or a pipe, which cannot be moved into place. */
    public static void stream(Path target, byte[] content) {
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
            out.write(content);
        } catch (IOException e) {
            throw failed(target, describe(e), "give another name", e);
        }
    }

    /**
     * Writes or replaces {@code target}. A symbolic link is followed. Folders are not created.
     *
     * @throws UncheckedIOException if the folder is missing, the target is no regular file, or
     *     writing fails; the message is one line that names the target, and nothing is left behind
     */
    public static void write(Path target, Content content) {
        requireWritable(target);
        try {
            Path place = Files.isSymbolicLink(target) ? target.toRealPath() : target;
            Path aside = aside(place);
            try {
                fill(aside, content);
                move(aside, place);
            } finally {
                Files.deleteIfExists(aside);
            }
        } catch (IOException e) {
            throw failed(target, describe(e), "check permissions and free space", e);
        }
    }

    /**
     * Makes a folder that must not be there yet.
     *
     * @param content takes the folder that becomes {@code target} when it is complete
     * @throws UncheckedIOException as {@link #write(Path, Content)}
     */
    public static void folder(Path target, FolderContent content) {
        try {
            Path aside = aside(target);
            try {
                Files.createDirectory(aside);
                content.writeTo(aside);
                Files.move(aside, target);
            } finally {
                delete(aside);
            }
        } catch (UncheckedIOException e) {
            throw failed(
                    target,
                    describe(e.getCause()),
                    "check permissions and free space",
                    e.getCause());
        } catch (IOException e) {
            throw failed(target, describe(e), "check permissions and free space", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static Path aside(Path place) {
        return place.resolveSibling(".glance-" + UUID.randomUUID() + ".part");
    }

    private static void fill(Path aside, Content content) throws IOException {
        // A plain new file and not createTempFile, whose files only their owner can read.
        try (FileChannel channel =
                FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            content.writeTo(channel);
            channel.force(true);
        }
    }

    private static void writeAll(FileChannel channel, byte[] content) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** A link is never made over a file. Where there are no links, an empty file takes the name. */
    private static boolean place(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (UnsupportedOperationException | FileSystemException e) {
            try {
                Files.createFile(to);
            } catch (FileAlreadyExistsException taken) {
                return false;
            }
            move(from, to);
            return true;
        }
    }

    private static void requireWritable(Path target) {
        Path folder = target.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw failed(target, "folder " + folder + " does not exist", "create it first", null);
        }
        if (Files.isDirectory(target)) {
            throw failed(target, "is a folder", "give a file name", null);
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw failed(target, "is not a regular file", "give another name", null);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The reason without the path of the aside file, which means nothing to the user. */
    private static String describe(IOException e) {
        String kind = e.getClass().getSimpleName();
        String detail = e instanceof FileSystemException files ? files.getReason() : e.getMessage();
        if (detail == null) {
            return kind;
        }
        // The plain class says nothing; "No space left on device" says all.
        return (e.getClass() == IOException.class ? "" : kind + ": ")
                + PrintableText.quoted(detail);
    }

    private static UncheckedIOException failed(
            Path target, String reason, String remedy, IOException cause) {
        String message = target + ": cannot be written (" + reason + "); " + remedy;
        return new UncheckedIOException(message, cause == null ? new IOException(message) : cause);
    }
}
