package glance.serve.job;

import glance.api.RequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

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
        try {
            Path root = folder.toRealPath();
            Files.walkFileTree(
                    root,
                    Set.of(),
                    DEPTH,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes about) {
                            if (file.toString().endsWith(ENDING) && Files.isRegularFile(file)) {
                                files.put(name(root, file), file);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        /** A folder that may not be read has no adapters. */
                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be read (" + e + ")", e);
        }
        return files;
    }

    private static String name(Path root, Path file) {
        return root.relativize(file).toString().replace('\\', '/');
    }
}
