package glance.spark;

import com.fasterxml.jackson.databind.JsonNode;
import glance.Hub;
import glance.api.Lora;
import glance.api.RequestException;
import glance.api.Strength;
import glance.io.CacheFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The adapters that rows name: files of the folder of {@code --lora-dir}, which each executor
 * fetches once into the cache of the engine if it is not on its own disk; else files of the node,
 * or of the hub.
 */
final class Adapters implements Serializable {
    private static final String ENDING = ".safetensors";

    /** For all tasks of an executor. */
    private static final ConcurrentHashMap<String, Found> KNOWN = new ConcurrentHashMap<>();

    private final String folder;
    private final SerializableConfiguration conf;

    /**
     * An adapter.
     *
     * @param file as the row calls it
     * @param lora where it is, how strong and in which steps
     * @param sha256 of its content
     */
    record Named(String file, Lora lora, String sha256) {
        /** As a person writes it. */
        String name() {
            return file + lora.options();
        }

        /** What of it decides how a picture looks. */
        String text() {
            return sha256 + lora.options();
        }
    }

    private record Found(Path path, String sha256) {}

    /**
     * @param folder null for none
     */
    Adapters(String folder, Configuration conf) {
        this.folder = folder;
        this.conf = new SerializableConfiguration(conf);
    }

    /**
     * The adapters of a row.
     *
     * @param value a list of {@code {"file": ..., "scale": ..., "steps": ...}}, or texts {@value
     *     Lora#SYNTAX} with semicolons between them
     * @throws RequestException if one is malformed, or there is no such file
     */
    List<Named> read(JsonNode value) {
        List<Named> all = new ArrayList<>();
        if (value.isTextual()) {
            for (String text : value.asText().split(";")) {
                all.add(parse(text.strip()));
            }
            return all;
        }
        if (!value.isArray()) {
            throw Columns.refuse("lora", "must be a list of {\"file\": \"NAME\"}", value);
        }
        for (JsonNode one : value) {
            all.add(one.isTextual() ? parse(one.asText()) : read(one, one.get("file")));
        }
        return all;
    }

    private Named read(JsonNode one, JsonNode file) {
        if (file == null || !file.isTextual()) {
            throw Columns.refuse("lora", "each needs a file", one);
        }
        JsonNode scale = one.get("scale");
        JsonNode steps = one.get("steps");
        Found found = find(file.asText());
        Lora lora = Lora.of(found.path());
        lora = isThere(scale) ? lora.strength(Strength.parse(scale.asText())) : lora;
        lora = isThere(steps) ? lora.on(steps.asText()) : lora;
        return new Named(file.asText(), lora, found.sha256());
    }

    private static boolean isThere(JsonNode value) {
        return value != null && !value.isNull();
    }

    /** The file ends where a colon or an at sign begins strength or steps. */
    private Named parse(String text) {
        int end = text.indexOf("://") < 0 ? 0 : text.indexOf("://") + 3;
        while (end < text.length() && ":@".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        String file = text.substring(0, end);
        Found found = find(file);
        return new Named(file, Lora.parse(found.path() + text.substring(end)), found.sha256());
    }

    private Found find(String name) {
        return KNOWN.computeIfAbsent(folder + "\n" + name, key -> look(name));
    }

    private Found look(String name) {
        try {
            Path path = inFolder(name);
            path = path == null ? inFolder(name + ENDING) : path;
            path = path == null ? new Hub().adapter(name) : path;
            if (!Files.exists(path)) {
                throw new RequestException(
                        "lora: no adapter is called '"
                                + name
                                + "'; give a file "
                                + (folder == null ? "" : "of " + folder + ", one ")
                                + "of the node, or ORG/NAME/FILE of the hub");
            }
            return new Found(path, hash(path));
        } catch (IOException e) {
            throw Failures.ofFile("lora: '" + name + "'", e);
        } catch (UncheckedIOException e) {
            throw Failures.ofFile("lora: '" + name + "'", e.getCause());
        }
    }

    /** Null if the folder has no such file. */
    private Path inFolder(String name) throws IOException {
        if (folder == null) {
            return null;
        }
        var path = new org.apache.hadoop.fs.Path(folder, name);
        FileSystem files = Storage.plain(path.getFileSystem(conf.value()));
        if (!files.exists(path)) {
            return null;
        }
        if (files.getUri().getScheme().equals("file")) {
            return Path.of(path.toUri().getPath());
        }
        Path cache = CacheFolder.folder("adapters");
        Path aside = Files.createTempDirectory(cache, "new");
        try {
            Path copy = aside.resolve(path.getName());
            files.copyToLocalFile(false, path, new org.apache.hadoop.fs.Path(copy.toUri()), true);
            return keep(copy, cache);
        } finally {
            Scratch.delete(aside);
        }
    }

    /**
     * Moves a copy to where its content belongs. A picture has the paths of its adapters in it, so
     * they must be the same in every executor.
     */
    static Path keep(Path copy, Path cache) throws IOException {
        Path kept = cache.resolve(hash(copy)).resolve(copy.getFileName());
        Files.createDirectories(kept.getParent());
        try {
            Files.move(copy, kept, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            // A folder that another executor has brought is not replaced.
            if (!Files.exists(kept)) {
                throw e;
            }
        }
        return kept;
    }

    /** Of a file, or of all files of a folder with their names. */
    static String hash(Path path) throws IOException {
        MessageDigest digest = Names.sha256();
        List<Path> files;
        try (Stream<Path> tree = Files.walk(path)) {
            files = tree.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            if (!file.equals(path)) {
                digest.update((path.relativize(file) + "\n").getBytes(StandardCharsets.UTF_8));
            }
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
