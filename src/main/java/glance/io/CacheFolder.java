package glance.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Where unpacked and computed files are kept between runs: {@code $XDG_CACHE_HOME/glance-engine} or
 * {@code ~/.cache/glance-engine} on Linux, {@code ~/Library/Caches/glance-engine} on macOS, {@code
 * %LOCALAPPDATA%\glance-engine} on Windows. The system property or environment variable {@code
 * GLANCE_CACHE} overrides it.
 */
public final class CacheFolder {
    static final String OVERRIDE = "GLANCE_CACHE";
    private static final String NAME = "glance-engine";

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

    /** The per-user folder; it need not exist. */
    static Path preferred() {
        return preferred(System::getProperty, System::getenv);
    }

    /** As {@link #preferred()}, with the sources of properties and environment given. */
    static Path preferred(Function<String, String> property, Function<String, String> environment) {
        for (Function<String, String> source : List.of(property, environment)) {
            String override = source.apply(OVERRIDE);
            if (override != null && !override.isBlank()) {
                return Paths.get(override);
            }
        }
        Path home = Paths.get(property.apply("user.home"));
        String os = property.apply("os.name").toLowerCase(Locale.ROOT);
        if (os.startsWith("mac")) {
            return home.resolve("Library/Caches").resolve(NAME);
        }
        if (os.startsWith("windows")) {
            return absoluteOr(environment.apply("LOCALAPPDATA"), home.resolve("AppData/Local"));
        }
        return absoluteOr(environment.apply("XDG_CACHE_HOME"), home.resolve(".cache"));
    }

    /** The XDG specification says to ignore relative paths; an unset variable is the usual case. */
    private static Path absoluteOr(String configured, Path usual) {
        boolean usable = configured != null && Paths.get(configured).isAbsolute();
        return (usable ? Paths.get(configured) : usual).resolve(NAME);
    }

    /**
     * A folder that exists and can be written: the child of {@code root}, or a temporary one that
     * is removed when the JVM ends.
     */
    static Path writableChild(Path root, String child) {
        Path folder = root.resolve(child);
        try {
            Files.createDirectories(folder);
            if (Files.isWritable(folder)) {
                return folder;
            }
        } catch (IOException e) {
            // Read-only homes are common in containers; the temporary folder below serves them.
        }
        return temporaryChild(child);
    }

    private static synchronized Path temporaryChild(String child) {
        try {
            if (temporary == null) {
                temporary = Files.createTempDirectory(NAME);
                Path folder = temporary;
                Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteQuietly(folder)));
            }
            return Files.createDirectories(temporary.resolve(child));
        } catch (IOException e) {
            String message = "no writable folder for unpacked files (" + e + "); set " + OVERRIDE;
            throw new UncheckedIOException(message, e);
        }
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
