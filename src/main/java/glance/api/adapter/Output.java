package glance.api.adapter;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a result goes. It is there when it is complete, and not before; what was there stays unless
 * told otherwise.
 *
 * @param path a file that ends in .safetensors; of a merged model folder a folder; of a model in
 *     another form what {@link glance.ModelTools#convert} says
 * @param dtype {@code F32}, {@code BF16} or {@code F16}, of a model in another form more; null for
 *     what the source has
 * @param overwrite whether a file of that name is replaced; a folder never is
 */
public record Output(Path path, String dtype, boolean overwrite) {
    public Output {
        Objects.requireNonNull(path, "path");
    }

    /** To a path that is free, in the dtype of the source. */
    public static Output to(Path path) {
        return new Output(path, null, false);
    }

    /** The same in another dtype. */
    public Output dtype(String other) {
        return new Output(path, other, overwrite);
    }

    /** The same with or without leave to replace a file. */
    public Output overwrite(boolean other) {
        return new Output(path, dtype, other);
    }
}
