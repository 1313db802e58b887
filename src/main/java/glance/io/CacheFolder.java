package glance.io;

import glance.text.PrintableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where unpacked and computed files are kept between runs: {@code $XDG_CACHE_HOME/glance-engine} or
 * {@code ~/.cache/glance-engine} on Linux, {@code ~/Library/Caches/glance-engine} on macOS, {@code
 * %LOCALAPPDATA%\glance-engine} on Windows. The system property or environment variable {@code
 * GLANCE_CACHE} overrides it.
 *
 * <p>Only absolute paths count: a relative one would mean another folder in every working folder,
 * filled by whoever may write there. A user without a home (in a container, say) has Java's {@code
 * user.home} {@code ?}; then {@code HOME} serves, and without it a temporary folder.
 */
public final class CacheFolder {
    static final String OVERRIDE = "GLANCE_CACHE";
    private static final Logger LOG = LoggerFactory.getLogger(CacheFolder.class);
    private static final String NAME = "glance-engine";

    /** Paths and reasons that were spoken of. */
    private static final Set<String> REFUSED = ConcurrentHashMap.newKeySet();

    /** One for the whole JVM, made when it is first needed. */
    private static Path temporary;

    private CacheFolder() {}

    /**
     * A folder in the cache, made if need be; a temporary one where the cache cannot be written.
     *
     * @param child its name
     */
    public static Path folder(String child) {
        return writableChild(preferred(), child);
    }

    /**
     * A folder for files that are run: as {@link #folder}, but only its owner may enter it, and it
     * is a temporary one where another user may have written into the cache.
     *
     * @param child its name
     */
    public static Path privateFolder(String child) {
        return privateChild(preferred(), child);
    }

    /** The per-user folder; it need not exist. */
    static Path preferred() {
        return preferred(System::getProperty, System::getenv).orElseGet(CacheFolder::temporary);
    }

    /** As {@link #preferred()}, with the sources of properties and environment given. */
    static Optional<Path> preferred(
            Function<String, String> property, Function<String, String> environment) {
        for (Function<String, String> source : List.of(property, environment)) {
            Optional<Path> override = override(source.apply(OVERRIDE));
            if (override.isPresent()) {
                return override;
            }
        }
        Optional<Path> home =
                absolute(property.apply("user.home")).or(() -> absolute(environment.apply("HOME")));
        String os = property.apply("os.name").toLowerCase(Locale.ROOT);
        Optional<Path> caches;
        if (os.startsWith("mac")) {
            caches = home.map(folder -> folder.resolve("Library/Caches"));
        } else if (os.startsWith("windows")) {
            caches =
                    absolute(environment.apply("LOCALAPPDATA"))
                            .or(() -> home.map(folder -> folder.resolve("AppData/Local")));
        } else {
            caches =
                    absolute(environment.apply("XDG_CACHE_HOME"))
                            .or(() -> home.map(folder -> folder.resolve(".cache")));
        }
        return caches.map(folder -> folder.resolve(NAME));
    }

    private static Optional<Path> override(String path) {
        Optional<Path> absolute = absolute(path);
        if (absolute.isEmpty() && path != null && !path.isBlank() && REFUSED.add(path)) {
            LOG.warn(
                    "{}={} is not used: it must be an absolute path",
                    OVERRIDE,
                    PrintableText.quoted(path));
        }
        return absolute;
    }

    private static Optional<Path> absolute(String path) {
        try {
            return Optional.ofNullable(path).map(Paths::get).filter(Path::isAbsolute);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * A folder that exists and can be written: the child of {@code root}, or a temporary one that
     * is removed when the JVM ends.
     */
    static Path writableChild(Path root, String child) {
        Path folder = root.resolve(child);
        try {
            PrivateFolder.create(folder);
            if (Files.isWritable(folder)) {
                return folder;
            }
        } catch (IOException e) {
            // Read-only homes are common in containers; the temporary folder below serves them.
        }
        return temporaryChild(child);
    }

    /** As {@link #writableChild}, where only we can have written. */
    static Path privateChild(Path root, String child) {
        Path folder = writableChild(root, child);
        String problem = PrivateFolder.claim(folder);
        if (problem == null) {
            return folder;
        }
        if (REFUSED.add(problem)) {
            LOG.warn(
                    "native libraries are not kept in {}: {}; set {} to a folder of yours",
                    root,
                    problem,
                    OVERRIDE);
        }
        return temporaryChild(child);
    }

    private static Path temporaryChild(String child) {
        try {
            return PrivateFolder.create(temporary().resolve(child));
        } catch (IOException e) {
            throw noFolder(e);
        }
    }

    private static synchronized Path temporary() {
        try {
            if (temporary == null) {
                temporary = Files.createTempDirectory(NAME).toAbsolutePath();
                Path folder = temporary;
                Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteQuietly(folder)));
            }
            return temporary;
        } catch (IOException e) {
            throw noFolder(e);
        }
    }

    private static UncheckedIOException noFolder(IOException e) {
        String message = "no writable folder for unpacked files (" + e + "); set " + OVERRIDE;
        return new UncheckedIOException(message, e);
    }

    /** The same failure to write into the cache, with one more remedy. */
    static UncheckedIOException elsewhere(UncheckedIOException e) {
        return new UncheckedIOException(
                e.getMessage() + ", or set " + OVERRIDE + " to another folder", e.getCause());
    }

    /** Deletes a folder and all below; what cannot be deleted stays. */
    static void deleteQuietly(Path folder) {
        try (Stream<Path> below = Files.walk(folder)) {
            for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // A loaded native library cannot be deleted on Windows; the system clears its folder.
        }
    }
}
