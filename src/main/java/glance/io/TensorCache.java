package glance.io;

import glance.api.FormatException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Computed tensors on disk, one safetensors file for each key, with a fingerprint of key and
 * content. Of help only: what is missing, damaged or changed is computed again, and what cannot be
 * written is not kept.
 */
public final class TensorCache {
    private static final String CONTENT = "glance.content";
    private static final String KEY = "glance.key";

    private final Path folder;

    /**
     * What was kept under a key.
     *
     * @param notes what was said about the tensors
     */
    public record Kept(Map<String, HostTensor> tensors, Map<String, String> notes) {}

    /**
     * @param folder an existing one
     */
    public TensorCache(Path folder) {
        this.folder = folder;
    }

    /** What was kept under a key, exactly as it was written. */
    public Optional<Kept> read(String key) {
        Path file = file(key);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            Map<String, HostTensor> tensors = opened.hostTensors();
            Map<String, String> notes = new LinkedHashMap<>(opened.metadata());
            String content = notes.remove(CONTENT);
            boolean whole =
                    key.equals(notes.get(KEY)) && Fingerprint.of(tensors, notes).equals(content);
            notes.remove(KEY);
            return whole ? Optional.of(new Kept(tensors, notes)) : Optional.empty();
        } catch (FormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Keeps tensors under a key.
     *
     * @param notes what is to be said about them
     */
    public void write(String key, Map<String, HostTensor> tensors, Map<String, String> notes) {
        Map<String, String> metadata = new LinkedHashMap<>(notes);
        metadata.put(KEY, key);
        metadata.put(CONTENT, Fingerprint.of(tensors, metadata));
        try {
            SafetensorsWriter.write(file(key), tensors, metadata);
        } catch (UncheckedIOException e) {
            // A full disk must not end a run that can go on without its cache.
        }
    }

    private Path file(String key) {
        return folder.resolve(key + ".safetensors");
    }
}
