package glance.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * The small model that ships in the jar. Weights are memory-mapped and a jar cannot be, so its
 * files are unpacked once into the per-user cache (see {@link CacheFolder}).
 *
 * <p>The folder's name carries a hash of the content: another version of the jar never reads it.
 * Each file is written aside and moved, and sizes are checked at every start, so that JVMs started
 * at once do not meet half a file and a cache that lost files is repaired.
 */
public final class BuiltInModel {
    /** The name of the model. */
    public static final String NAME = "glance-tiny";

    private static final String RESOURCE = "glance/weights/" + NAME + "/";
    private static final String INDEX = RESOURCE + "model_index.json";
    private static final int KEY_BYTES = 8;

    private BuiltInModel() {}

    /**
     * The model folder, unpacked if need be.
     *
     * @throws IllegalStateException if this build carries no model
     * @throws UncheckedIOException if no folder can be written
     */
    public static Path path() {
        return path(BuiltInModel.class.getClassLoader(), CacheFolder.preferred());
    }

    static synchronized Path path(ClassLoader loader, Path cache) {
        URL index = loader.getResource(INDEX);
        if (index == null) {
            throw new IllegalStateException(
                    "the built-in model " + NAME + " is not in this build; give a model folder");
        }
        try {
            return switch (index.getProtocol()) {
                case "file" -> Paths.get(index.toURI()).getParent();
                case "jar" -> unpacked((JarURLConnection) index.openConnection(), cache);
                default ->
                        throw new IllegalStateException(
                                "the built-in model cannot be unpacked from " + index);
            };
        } catch (IOException e) {
            throw new UncheckedIOException("the built-in model cannot be unpacked: " + e, e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the built-in model is at an odd place: " + index, e);
        }
    }

    private static Path unpacked(JarURLConnection connection, Path cache) throws IOException {
        JarFile jar = connection.getJarFile();
        List<ZipEntry> entries =
                jar.stream()
                        .filter(entry -> !entry.isDirectory())
                        .filter(entry -> entry.getName().startsWith(RESOURCE))
                        .map(ZipEntry.class::cast)
                        .sorted(Comparator.comparing(ZipEntry::getName))
                        .toList();
        String child = NAME + "-" + key(entries);
        Path known = cache.resolve(child);
        if (entries.stream().allMatch(entry -> isUnpacked(known, entry))) {
            return known;
        }
        Path folder = CacheFolder.writableChild(cache, child);
        for (ZipEntry entry : entries) {
            if (!isUnpacked(folder, entry)) {
                unpack(jar, entry, folder);
            }
        }
        return folder;
    }

    /** Names, sizes and checksums are in the directory of the jar: no content need be read. */
    private static String key(List<ZipEntry> entries) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (ZipEntry entry : entries) {
                String line = entry.getName() + " " + entry.getSize() + " " + entry.getCrc() + "\n";
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, KEY_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static Path target(Path folder, ZipEntry entry) {
        return folder.resolve(entry.getName().substring(RESOURCE.length()));
    }

    private static boolean isUnpacked(Path folder, ZipEntry entry) {
        Path file = target(folder, entry);
        try {
            return Files.isRegularFile(file) && Files.size(file) == entry.getSize();
        } catch (IOException e) {
            return false;
        }
    }

    private static void unpack(JarFile jar, ZipEntry entry, Path folder) throws IOException {
        Path file = target(folder, entry);
        Files.createDirectories(file.getParent());
        try {
            SafeWrite.write(
                    file,
                    channel -> {
                        try (InputStream in = jar.getInputStream(entry)) {
                            in.transferTo(Channels.newOutputStream(channel));
                        }
                    });
        } catch (UncheckedIOException e) {
            // Windows does not replace a mapped file: another JVM was faster and uses it already.
            if (!isUnpacked(folder, entry)) {
                throw e;
            }
        }
    }
}
