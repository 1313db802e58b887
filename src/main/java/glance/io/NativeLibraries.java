package glance.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;

/**
 * The one way of native libraries out of jars to where the system can load them: a folder of the
 * cache that only its owner can write (see {@link CacheFolder#privateFolder}). Files are written
 * aside and moved, and their size and checksum are compared with the jar's at every start: half a
 * library would end the JVM.
 *
 * <p>Bindings unpack their libraries themselves, each in its own way and some to where anybody may
 * write. They are told by their settings to take ours.
 */
public final class NativeLibraries {
    /** What the system's loader says, out of the stack traces that some bindings give. */
    private static final Pattern LOADER_WORDS = Pattern.compile("UnsatisfiedLinkError: ([^\\n]+)");

    /** Paths that the loader puts before what it says of another file. */
    private static final Pattern REPEATED = Pattern.compile("^(/[^\\n]*?: )(?=/|lib)");

    private static final Pattern NOT_RUNNABLE =
            Pattern.compile("failed to map segment|Operation not permitted|Permission denied");

    private static final String ANOTHER_FOLDER =
            "the folder seems to be mounted noexec: set "
                    + CacheFolder.OVERRIDE
                    + " to one from which programs may run";

    private static final Map<String, Path> UNPACKED = new HashMap<>();

    private NativeLibraries() {}

    /** A file in a jar. */
    private record Content(URL url, long size, long crc) {
        static Content of(String resource) throws IOException {
            URL url = NativeLibraries.class.getClassLoader().getResource(resource);
            if (url == null) {
                throw new IOException(resource + " is missing in this build");
            }
            URLConnection connection = url.openConnection();
            if (connection instanceof JarURLConnection jar) {
                ZipEntry entry = jar.getJarEntry();
                return new Content(url, entry.getSize(), entry.getCrc());
            }
            try (InputStream in = connection.getInputStream()) {
                return new Content(url, connection.getContentLengthLong(), checksum(in));
            }
        }

        /** Not against forgery, which the owner of file and folder rules out, but damage. */
        boolean isIn(Path file) {
            try {
                if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        || Files.size(file) != size
                        || !PrivateFolder.isOurs(file)) {
                    return false;
                }
                return checksum(file) == crc;
            } catch (IOException e) {
                return false;
            }
        }

        void writeTo(Path file) {
            SafeWrite.write(
                    file,
                    channel -> {
                        try (InputStream in = url.openStream()) {
                            in.transferTo(Channels.newOutputStream(channel));
                        }
                    });
        }
    }

    /** Whether this build has a library. */
    public static boolean exists(String resource) {
        return NativeLibraries.class.getClassLoader().getResource(resource) != null;
    }

    /**
     * A folder with libraries in it, unpacked if need be.
     *
     * @param name what they are called together
     * @param resources the resource of each, by the name that its file has to have
     * @throws UncheckedIOException if they cannot be written, with the reason and what to do
     */
    public static synchronized Path unpack(String name, Map<String, String> resources) {
        return UNPACKED.computeIfAbsent(name, key -> unpackNow(key, resources));
    }

    private static Path unpackNow(String name, Map<String, String> resources) {
        try {
            return unpack(CacheFolder.preferred(), name, resources);
        } catch (IOException e) {
            throw new UncheckedIOException("libraries of " + name + ": " + e.getMessage(), e);
        }
    }

    /** As {@link #unpack(String, Map)}, every time, in a cache that is given. */
    static Path unpack(Path cache, String name, Map<String, String> resources) throws IOException {
        Map<String, Content> contents = new TreeMap<>();
        for (Map.Entry<String, String> resource : resources.entrySet()) {
            contents.put(resource.getKey(), Content.of(resource.getValue()));
        }
        String child = "native/" + name + "-" + key(contents);
        Path known = cache.resolve(child);
        if (areIn(known, contents) && PrivateFolder.problem(known) == null) {
            return known;
        }
        Path folder = CacheFolder.privateChild(cache, child);
        for (Map.Entry<String, Content> content : contents.entrySet()) {
            Path file = folder.resolve(content.getKey());
            if (!content.getValue().isIn(file)) {
                write(content.getValue(), file);
            }
        }
        return folder;
    }

    private static void write(Content content, Path file) {
        try {
            content.writeTo(file);
        } catch (UncheckedIOException e) {
            // Windows does not replace a loaded file: another JVM was faster and uses it already.
            if (!content.isIn(file)) {
                throw CacheFolder.elsewhere(e);
            }
        }
    }

    private static boolean areIn(Path folder, Map<String, Content> contents) {
        return contents.entrySet().stream()
                .allMatch(content -> content.getValue().isIn(folder.resolve(content.getKey())));
    }

    /** Another build's libraries get another folder. */
    private static String key(Map<String, Content> contents) {
        CRC32 key = new CRC32();
        contents.forEach(
                (file, content) ->
                        key.update(
                                (file + " " + content.size + " " + content.crc + "\n")
                                        .getBytes(StandardCharsets.UTF_8)));
        return String.format("%08x", key.getValue());
    }

    /**
     * The checksum that a file is known by.
     *
     * @throws IOException if it cannot be read
     */
    public static long checksum(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return checksum(in);
        }
    }

    private static long checksum(InputStream in) throws IOException {
        CheckedInputStream checked = new CheckedInputStream(in, new CRC32());
        checked.transferTo(OutputStream.nullOutputStream());
        return checked.getChecksum().getValue();
    }

    /**
     * Runs what makes a binding load its library, with system properties that tell it where, and
     * puts them back: other code in the same JVM may use the same binding.
     */
    public static synchronized <T> T withSettings(Map<String, String> settings, Supplier<T> work) {
        Map<String, String> before = new HashMap<>();
        settings.forEach((key, value) -> before.put(key, System.setProperty(key, value)));
        try {
            return work.get();
        } finally {
            before.forEach(NativeLibraries::restore);
        }
    }

    private static void restore(String key, String value) {
        if (value == null) {
            System.clearProperty(key);
        } else {
            System.setProperty(key, value);
        }
    }

    /**
     * Why a library does not load, in one line, with what to do about it.
     *
     * @param usualRemedy where the folder is not to blame; null for none
     */
    public static String reason(Throwable e, String usualRemedy) {
        String words = loaderWords(e);
        String remedy = NOT_RUNNABLE.matcher(words).find() ? ANOTHER_FOLDER : usualRemedy;
        return remedy == null ? words : words + "; " + remedy;
    }

    private static String loaderWords(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        String words = message.lines().findFirst().orElse("");
        Matcher loader = LOADER_WORDS.matcher(message);
        while (loader.find()) {
            words = loader.group(1); // the last is of the file that was unpacked
        }
        Matcher repeated = REPEATED.matcher(words);
        while (repeated.find()) {
            words = words.substring(repeated.end());
            repeated = REPEATED.matcher(words);
        }
        return words;
    }
}
