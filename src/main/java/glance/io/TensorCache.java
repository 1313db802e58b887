package glance.io;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Computed tensors on disk, one safetensors file for each key. Of help only: what is missing or
 * damaged is computed again, and what cannot be written is not kept.
 */
public final class TensorCache {
    private final Path folder;

    /**
     * @param folder an existing one
     */
    public TensorCache(Path folder) {
        this.folder = folder;
    }

    /** What was kept under a key. */
    public Optional<Map<String, HostTensor>> read(String key) {
        Path file = file(key);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            Map<String, HostTensor> tensors = new LinkedHashMap<>();
            opened.tensors()
                    .forEach(
                            (name, info) ->
                                    tensors.put(
                                            name,
                                            new HostTensor(
                                                    info.dtype(),
                                                    info.shape(),
                                                    opened.data(name))));
            return Optional.of(tensors);
        } catch (FormatException e) {
            return Optional.empty();
        }
    }

    /** Keeps tensors under a key. */
    public void write(String key, Map<String, HostTensor> tensors) {
        try {
            SafetensorsWriter.write(file(key), tensors, Map.of());
        } catch (UncheckedIOException e) {
            // A full disk must not end a run that can go on without its cache.
        }
    }

    private Path file(String key) {
        return folder.resolve(key + ".safetensors");
    }
}
