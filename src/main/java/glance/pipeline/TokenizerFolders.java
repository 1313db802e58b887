package glance.pipeline;

import glance.api.FormatException;
import glance.api.ModelParts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the tokenizers of a model are, beside those of its own folder.
 *
 * @param given with a folder for one of them, or under {@code tokenizer} for all of them
 * @param beside a folder that may have them too, or null
 */
record TokenizerFolders(ModelParts given, Path beside) {
    /**
     * The folder of a tokenizer.
     *
     * @param name such as {@code tokenizer_2}
     * @throws FormatException if a folder was given that has none
     */
    Optional<Path> find(String name) {
        Path named = given.files().get(name);
        if (named != null && !Files.isDirectory(named)) {
            throw new FormatException(named, null, "no such folder", "give that of a tokenizer");
        }
        Optional<Path> home = first(named, inside(given.files().get("tokenizer"), name));
        if (home.isEmpty() && named != null) {
            throw new FormatException(
                    named,
                    null,
                    "holds no tokenizer",
                    "expected tokenizer.json or tokenizer_config.json in it, or folders of them");
        }
        return home.or(() -> first(inside(beside, name)));
    }

    private static Path inside(Path folder, String name) {
        return folder == null ? null : folder.resolve(name);
    }

    private static Optional<Path> first(Path... folders) {
        return Stream.of(folders)
                .filter(Objects::nonNull)
                .filter(
                        folder ->
                                Files.exists(folder.resolve("tokenizer.json"))
                                        || Files.exists(folder.resolve("tokenizer_config.json")))
                .findFirst();
    }
}
