package glance.serve.job;

import glance.api.RequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The adapters that requests may name: the safetensors files of a folder and of those in it. A
 * request gives a name and never a path, so it reaches nothing else.
 */
public final class AdapterFolder {
    private static final String ENDING = ".safetensors";
    private static final int DEPTH = 4;

    private final Path folder;

    /**
     * @param folder null for no adapters
     */
    public AdapterFolder(Path folder) {
        this.folder = folder;
    }

    /** Names as requests give them: paths below the folder, with / between the parts. */
    public SortedSet<String> names() {
        return new TreeSet<>(files().keySet());
    }

    /**
     * The file of a name, which may lack its ending.
     *
     * @throws RequestException if there is none
     */
    public Path find(String name) {
        Map<String, Path> files = files();
        Path file = files.getOrDefault(name, files.get(name + ENDING));
        if (file == null) {
            throw new RequestException(
                    "lora: no adapter is called '"
                            + name
                            + "'; "
                            + (folder == null
                                    ? "the server was started without --lora-dir"
                                    : "there are "
                                            + (files.isEmpty()
                                                    ? "none"
                                                    : String.join(", ", files.keySet()))));
        }
        return file;
    }

    /** Read anew each time, so that new files need no restart. */
    private Map<String, Path> files() {
        Map<String, Path> files = new TreeMap<>();
        if (folder == null) {
            return files;
        }
        try (Stream<Path> found = Files.walk(folder, DEPTH)) {
            found.filter(file -> file.getFileName().toString().endsWith(ENDING))
                    .filter(Files::isRegularFile)
                    .forEach(file -> files.put(name(file), file));
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be read (" + e + ")", e);
        }
        return files;
    }

    private String name(Path file) {
        return folder.relativize(file).toString().replace('\\', '/');
    }
}
