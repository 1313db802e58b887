package glance.io;

import glance.api.FormatException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Weights in one safetensors or GGUF file, or in shards with an index. */
final class WeightFiles extends Weights {
    private final Path source;
    private final List<TensorFile> files;
    private final Map<String, TensorInfo> tensors;
    private final Map<String, TensorFile> owners;
    private final Map<String, String> metadata;

    private WeightFiles(Path source, Collection<? extends TensorFile> files) {
        this.source = source;
        this.files = List.copyOf(files);
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        Map<String, String> strings = new LinkedHashMap<>();
        owners = new LinkedHashMap<>();
        for (TensorFile file : files) {
            for (String name : file.tensors().keySet()) {
                TensorFile other = owners.putIfAbsent(name, file);
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
        Path file =
                Files.isDirectory(fileOrFolder) ? WeightFolder.find(fileOrFolder) : fileOrFolder;
        return WeightFolder.isIndex(file) ? openShards(file) : openSingle(file);
    }

    private static Weights openSingle(Path file) {
        boolean gguf = GgufFile.isGguf(file);
        return new WeightFiles(
                file, List.of(gguf ? GgufFile.open(file) : SafetensorsFile.open(file)));
    }

    private static Weights openShards(Path indexFile) {
        ShardIndex index = ShardIndex.read(indexFile);
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (String shard : index.shards()) {
            Path file = indexFile.resolveSibling(shard);
            if (!Files.exists(file) && !Files.isSymbolicLink(file)) {
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
        TensorFile owner = owners.get(name);
        if (owner == null) {
            throw new IllegalArgumentException(source + ": no tensor named " + name);
        }
        return owner.data(name);
    }

    @Override
    public List<TensorFile> files() {
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
        files.forEach(TensorFile::close);
    }
}
