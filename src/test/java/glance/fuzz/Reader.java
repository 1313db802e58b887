package glance.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Judges a reader of files that others wrote. Whatever the bytes, it gives a value or refuses them
 * with a {@link FormatException} of one line; it writes nothing into the folder, and it is done in
 * a time that grows with the file's size.
 */
public final class Reader {
    private static final long NANOS_AT_LEAST = 5_000_000_000L;
    private static final long NANOS_PER_BYTE = 50_000;
    private static final int MAX_LINE_CHARS = 4_000;

    private static Path folder;

    private Reader() {}

    /** What is tried. */
    @FunctionalInterface
    public interface Target {
        void read(Path file) throws IOException;
    }

    /** Writes the bytes to a file of this name, in a folder of its own, and has it read. */
    public static void judge(String name, byte[] content, Target target) throws IOException {
        judge(List.of(name), name, content, target);
    }

    /**
     * The same where other files must be there.
     *
     * @param files names of all files that are in the folder afterwards
     * @param name the one that is written here
     */
    public static void judge(List<String> files, String name, byte[] content, Target target)
            throws IOException {
        Path file = folder().resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        long start = System.nanoTime();
        try {
            target.read(file);
        } catch (FormatException e) {
            assertThat(e.getMessage()).hasLineCount(1).hasSizeLessThan(MAX_LINE_CHARS);
            assertThat(e.getMessage().chars().anyMatch(Character::isISOControl))
                    .as("control characters in: %s", e.getMessage())
                    .isFalse();
        }
        long most = NANOS_AT_LEAST + content.length * NANOS_PER_BYTE;
        assertThat(System.nanoTime() - start).as("nanoseconds").isLessThan(most);
        try (Stream<Path> all = Files.walk(folder())) {
            assertThat(all.filter(Files::isRegularFile).map(f -> folder().relativize(f).toString()))
                    .as("files in the folder")
                    .isSubsetOf(new TreeSet<>(files));
        }
        Files.delete(file);
    }

    /** The folder of all files, in memory where the system has one there. */
    public static synchronized Path folder() {
        if (folder == null) {
            try {
                Path memory = Path.of("/dev/shm");
                folder =
                        Files.isWritable(memory)
                                ? Files.createTempDirectory(memory, "glance-fuzz")
                                : Files.createTempDirectory("glance-fuzz");
                folder.toFile().deleteOnExit();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return folder;
    }
}
