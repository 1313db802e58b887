package glance.lora;

import glance.io.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where an adapter lies: a file, or a folder as PEFT and diffusers save it, with one file. */
public final class AdapterPath {
    /** The names that PEFT and diffusers give; PEFT's config describes the first. */
    private static final List<String> NAMES =
            List.of("adapter_model.safetensors", "pytorch_lora_weights.safetensors");

    static final String CONFIG = "adapter_config.json";
    private static final String ENDING = ".safetensors";

    private AdapterPath() {}

    /**
     * The file with the matrices: the path itself, or the one in a folder.
     *
     * @throws FormatException if a folder holds no such file, or several
     */
    public static Path file(Path path) {
        if (!Files.isDirectory(path)) {
            return path;
        }
        for (String name : NAMES) {
            if (Files.exists(path.resolve(name))) {
                return path.resolve(name);
            }
        }
        List<Path> files = files(path);
        if (files.size() == 1) {
            return files.get(0);
        }
        throw new FormatException(
                path,
                null,
                files.isEmpty()
                        ? "is a folder without safetensors files"
                        : "is a folder with " + files.size() + " safetensors files",
                files.isEmpty()
                        ? "expected " + NAMES.get(0) + " in it; pickles (.bin, .pt) are not read"
                        : "name one of them, such as " + files.get(0).getFileName());
    }

    /** Whether a folder is that of an adapter, by the names in it. */
    public static boolean isFolder(Path path) {
        return Files.exists(path.resolve(CONFIG))
                || NAMES.stream().anyMatch(name -> Files.exists(path.resolve(name)));
    }

    /**
     * The PEFT config that may describe a file: beside it, unless another file there has the name
     * that PEFT gives.
     */
    static Optional<Path> config(Path file) {
        Path config = file.resolveSibling(CONFIG);
        boolean others = Files.exists(file.resolveSibling(NAMES.get(0)));
        return Files.isRegularFile(config) && (isNamedByPeft(file) || !others)
                ? Optional.of(config)
                : Optional.empty();
    }

    /** Whether a file has the name that PEFT gives, so that a config beside it is surely its. */
    static boolean isNamedByPeft(Path file) {
        return file.endsWith(NAMES.get(0));
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be listed (" + e + ")", e);
        }
    }
}
