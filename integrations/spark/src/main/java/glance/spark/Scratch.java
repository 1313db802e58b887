package glance.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Folders on the local disk of an executor that are gone when it ends. */
final class Scratch {
    private static final Set<Path> FOLDERS = ConcurrentHashMap.newKeySet();

    static {
        Thread last = new Thread(() -> FOLDERS.forEach(Scratch::delete), "glance-scratch");
        Runtime.getRuntime().addShutdownHook(last);
    }

    private Scratch() {}

    /** A new folder. */
    static Path folder(String name) throws IOException {
        Path folder = Files.createTempDirectory("glance-" + name);
        FOLDERS.add(folder);
        return folder;
    }

    /** Deletes a folder and all below; what cannot be deleted stays. */
    static void delete(Path folder) {
        FOLDERS.remove(folder);
        try (Stream<Path> below = Files.walk(folder)) {
            for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // The system clears its folder of temporary files.
        }
    }
}
