package glance.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Weights in one safetensors file, or in shards with an index. */
final class WeightFiles extends Weights {
    private static final List<String> SINGLE_FILES =
            List.of("diffusion_pytorch_model.safetensors", "model.safetensors");
    private static final String INDEX_SUFFIX = ".safetensors.index.json";

    private final Path source;
    private final List<SafetensorsFile> files;
    private final Map<String, TensorInfo> tensors;
    private final Map<String, SafetensorsFile> owners;
    private final Map<String, String> metadata;

    private WeightFiles(Path source, Collection<SafetensorsFile> files) {
        this.source = source;
        this.files = List.copyOf(files);
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        Map<String, String> strings = new LinkedHashMap<>();
        owners = new LinkedHashMap<>();
        for (SafetensorsFile file : files) {
            for (String name : file.tensors().keySet()) {
                SafetensorsFile other = owners.putIfAbsent(name, file);
                if (other != null) {
                    throw new FormatException(
                            file.path(),
                            name,
                            "is also in " + other.path().getFileName(),
                            "remove it from one of the files");
                }
            }
            infos.putAll(file.tensors());
            file.metadata().forEach(strings::putIfAbsent);
        }
        tensors = Collections.unmodifiableMap(infos);
        metadata = Collections.unmodifiableMap(strings);
    }

    static Weights read(Path fileOrFolder) {
        if (!Files.isDirectory(fileOrFolder)) {
            return fileOrFolder.toString().endsWith(INDEX_SUFFIX)
                    ? openShards(fileOrFolder)
                    : openSingle(fileOrFolder);
        }
        for (String name : SINGLE_FILES) {
            Path file = fileOrFolder.resolve(name);
            if (Files.exists(file)) {
                return openSingle(file);
            }
        }
        return openShards(findIndex(fileOrFolder));
    }

    private static Weights openSingle(Path file) {
        return new WeightFiles(file, List.of(SafetensorsFile.open(file)));
    }

    private static Path findIndex(Path folder) {
        List<Path> indexes;
        try (Stream<Path> children = Files.list(folder)) {
            indexes = children.filter(p -> p.toString().endsWith(INDEX_SUFFIX)).sorted().toList();
        } catch (IOException e) {
            throw FileInput.unreadable(folder, e);
        }
        if (indexes.size() == 1) {
            return indexes.get(0);
        }
        String found =
                indexes.isEmpty()
                        ? "holds no weights"
                        : "holds several indexes "
                                + indexes.stream().map(Path::getFileName).toList();
        throw new FormatException(
                folder,
                null,
                found,
                "expected " + String.join(" or ", SINGLE_FILES) + " or one *" + INDEX_SUFFIX);
    }

    private static Weights openShards(Path indexFile) {
        ShardIndex index = ShardIndex.read(indexFile);
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (String shard : index.shards()) {
            Path file = indexFile.resolveSibling(shard);
            if (!Files.isRegularFile(file)) {
                throw new FormatException(
                        indexFile,
                        null,
                        "shard " + shard + " is missing",
                        "fetch the missing file");
            }
            shards.put(shard, SafetensorsFile.open(file));
        }
        index.requireMatches(shards);
        return new WeightFiles(indexFile, new ArrayList<>(shards.values()));
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    @Override
    public ByteBuffer data(String name) {
        SafetensorsFile owner = owners.get(name);
        if (owner == null) {
            throw new IllegalArgumentException(source + ": no tensor named " + name);
        }
        return owner.data(name);
    }

    @Override
    public List<SafetensorsFile> files() {
        return files;
    }

    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public Path source() {
        return source;
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
