package glance.api.adapter;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Writes an adapter in another layout.
 *
 * @param adapter a file, or the folder of one
 * @param to {@code diffusers}, {@code peft}, {@code comfyui}, {@code kohya} or {@code onetrainer}
 * @param model the model that it is for: its folder, its transformer's, or a file, of which only
 *     the headers are read; may be null between layouts with the same names
 */
public record Convert(Path adapter, String to, Path model) {
    public Convert {
        Objects.requireNonNull(to, "to");
    }

    /** Of an adapter, between layouts with the same names. */
    public static Convert of(Path adapter, String to) {
        return new Convert(adapter, to, null);
    }

    /** The same for a model, whose names decide. */
    public Convert model(Path other) {
        return new Convert(adapter, to, other);
    }

    /**
     * What was written.
     *
     * @param modules how many
     * @param before the highest rank before
     * @param rank the highest rank now; more than before where several modules became one
     */
    public record Result(int modules, int before, int rank) {}
}
