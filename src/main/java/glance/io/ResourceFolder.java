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
 * A folder that ships in the jar. Memory-mapped and listed files cannot be inside a jar, so they
 * are unpacked once into the per-user cache (see {@link CacheFolder}).
 *
 * <p>The folder's name carries a hash of the content: another version of the jar never reads it.
 * Each file is written aside and moved, and sizes are checked at every start, so that JVMs started
 * at once do not meet half a file and a cache that lost files is repaired.
 */
final class ResourceFolder {
    private static final int KEY_BYTES = 8;

    private final String resource;
    private final String name;
    private final String probe;

    /**
     * @param resource where it is among the resources, with a slash at its end
     * @param name what its copy in the cache is called
     * @param probe a file that is in it
     */
    ResourceFolder(String resource, String name, String probe) {
        this.resource = resource;
        this.name = name;
        this.probe = probe;
    }

    /**
     * The folder, unpacked if need be, or null if this build has none.
     *
     * @throws UncheckedIOException if no folder can be written
     */
    synchronized Path path(ClassLoader loader, Path cache) {
        URL index = loader.getResource(resource + probe);
        if (index == null) {
            return null;
        }
        try {
            return switch (index.getProtocol()) {
                case "file" -> Paths.get(index.toURI()).getParent();
                case "jar" -> unpacked((JarURLConnection) index.openConnection(), cache);
                default ->
                        throw new IllegalStateException(
                                resource + " cannot be unpacked from " + index);
            };
        } catch (IOException e) {
            throw new UncheckedIOException(resource + " cannot be unpacked: " + e, e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(resource + " is at an odd place: " + index, e);
        }
    }

    private Path unpacked(JarURLConnection connection, Path cache) throws IOException {
        JarFile jar = connection.getJarFile();
        List<ZipEntry> entries =
                jar.stream()
                        .filter(entry -> !entry.isDirectory())
                        .filter(entry -> entry.getName().startsWith(resource))
                        .map(ZipEntry.class::cast)
                        .sorted(Comparator.comparing(ZipEntry::getName))
                        .toList();
        String child = name + "-" + key(entries);
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

    private Path target(Path folder, ZipEntry entry) {
        return folder.resolve(entry.getName().substring(resource.length()));
    }

    private boolean isUnpacked(Path folder, ZipEntry entry) {
        Path file = target(folder, entry);
        try {
            return Files.isRegularFile(file) && Files.size(file) == entry.getSize();
        } catch (IOException e) {
            return false;
        }
    }

    private void unpack(JarFile jar, ZipEntry entry, Path folder) throws IOException {
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
                throw CacheFolder.elsewhere(e);
            }
        }
    }
}
