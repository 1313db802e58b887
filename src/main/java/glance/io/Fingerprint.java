package glance.io;

import glance.api.ModelParts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Short names of content: equal for equal content, different for any other. Half of SHA-256, in
 * hexadecimal.
 *
 * <p>Files above 64 MiB are not read in full, which would take minutes for large models: of them
 * count size, time of the last change, and both ends.
 */
public final class Fingerprint {
    /** Beside the transformer of a model folder; of no influence on encodings or training. */
    private static final Set<String> NO_PART = Set.of("experts");

    private static final Set<String> DENOISING = Set.of("transformer", "scheduler");
    private static final long READ_IN_FULL_BYTES = 64L << 20;
    private static final int END_BYTES = 1 << 20;
    private static final int LENGTH_BYTES = 16;

    private final MessageDigest digest;

    private Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Of some texts and their order. */
    public static String of(String... texts) {
        Fingerprint fingerprint = new Fingerprint();
        for (String text : texts) {
            fingerprint.add(text);
        }
        return fingerprint.hex();
    }

    /** Of bytes from position to limit. */
    public static String of(ByteBuffer bytes) {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.digest.update(bytes.duplicate());
        return fingerprint.hex();
    }

    /** Of the content of a file, as {@link #of(Path)} reads it in full. */
    static String ofFile(ByteBuffer content) {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.add(Long.toString(content.remaining()));
        fingerprint.digest.update(content.duplicate());
        return fingerprint.hex();
    }

    /** Of named tensors (names, dtypes, shapes, bytes) and what is said about them. */
    public static String of(Map<String, HostTensor> tensors, Map<String, String> notes) {
        Fingerprint fingerprint = new Fingerprint();
        new TreeMap<>(notes)
                .forEach(
                        (name, value) -> {
                            fingerprint.add(name);
                            fingerprint.add(value);
                        });
        new TreeMap<>(tensors)
                .forEach(
                        (name, tensor) -> {
                            fingerprint.add(name + " " + tensor.dtype() + " " + tensor.shape());
                            fingerprint.digest.update(tensor.data().duplicate());
                        });
        return fingerprint.hex();
    }

    /** Of a file, or of all files in a folder. */
    public static String of(Path file) {
        Fingerprint fingerprint = new Fingerprint();
        try {
            if (Files.isDirectory(file)) {
                fingerprint.addFolder(file);
            } else {
                fingerprint.addFile(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read (" + e + ")", e);
        }
        return fingerprint.hex();
    }

    /** Of the files of what encodes texts and pictures in a model. */
    public static String encoders(ModelFolder model) {
        return parts(model.path(), model.parts(), false);
    }

    /** Of the files of the transformer and its schedule in a model. */
    public static String transformer(ModelFolder model) {
        return parts(model.path(), model.parts(), true);
    }

    /**
     * @param given files in place of parts; of what they replace, configs may still count
     */
    static String parts(Path model, ModelParts given, boolean denoising) {
        Fingerprint fingerprint = new Fingerprint();
        given.files()
                .forEach(
                        (part, file) -> {
                            if (DENOISING.contains(part) == denoising) {
                                fingerprint.add(part + " " + of(file));
                            }
                        });
        try (Stream<Path> folders = Files.list(model)) {
            List<Path> parts =
                    folders.filter(Files::isDirectory)
                            .filter(part -> !NO_PART.contains(name(part)))
                            .filter(part -> DENOISING.contains(name(part)) == denoising)
                            .sorted()
                            .toList();
            for (Path part : parts) {
                fingerprint.addFolder(part);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(model + ": cannot be read (" + e + ")", e);
        }
        return fingerprint.hex();
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    private void addFolder(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                add(name(folder) + "/" + folder.relativize(file));
                addFile(file);
            }
        }
    }

    private void addFile(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            add(Long.toString(size));
            if (size <= READ_IN_FULL_BYTES) {
                addRange(channel, 0, (int) size);
            } else {
                add(Files.getLastModifiedTime(file).toString());
                addRange(channel, 0, END_BYTES);
                addRange(channel, size - END_BYTES, END_BYTES);
            }
        }
    }

    private void addRange(FileChannel channel, long position, int count) throws IOException {
        if (count > 0) {
            digest.update(channel.map(FileChannel.MapMode.READ_ONLY, position, count));
        }
    }

    private void add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
    }

    private String hex() {
        return HexFormat.of().formatHex(digest.digest(), 0, LENGTH_BYTES);
    }
}
