package glance.io;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What takes the place of a component of a model folder.
 *
 * @param path a file of weights, or a folder with a component
 * @param prefixes what its tensors may have before their names
 * @param config keys of config.json that its names and shapes tell
 */
public record PartSource(Path path, List<String> prefixes, Map<String, Object> config) {
    /** A folder that needs no other: a component with its config, or a tokenizer. */
    public static PartSource folder(Path path) {
        return new PartSource(path, List.of(), Map.of());
    }

    /** Whether a path is a folder that says itself what it holds, not weights alone. */
    public static boolean isWhole(Path path) {
        return Files.isDirectory(path)
                && (Files.exists(path.resolve("config.json")) || !Weights.belongIn(path));
    }

    Weights open() {
        return Weights.open(path).under(prefixes);
    }
}
