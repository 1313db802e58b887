package glance.lora;

import glance.api.FormatException;
import glance.api.Lora;
import glance.api.RequestException;
import glance.io.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where an adapter lies: a file, or a folder as PEFT and diffusers save it, with one file; or the
 * folder of a training run, with an adapter for each phase.
 */
public final class AdapterPath {
    /** The names that PEFT and diffusers give; PEFT's config describes the first. */
    private static final List<String> NAMES =
            List.of("adapter_model.safetensors", "pytorch_lora_weights.safetensors");

    /** Beside the matrices, as PEFT saves it. */
    public static final String CONFIG = "adapter_config.json";

    private static final String ENDING = ".safetensors";

    private AdapterPath() {}

    /**
     * The file with the matrices: the path itself, or the one in a folder.
     *
     * @throws FormatException if a folder holds no such file, or several
     */
    public static Path file(Path path) {
        List<Path> all = all(path);
        if (all.size() > 1) {
            throw several(path, all);
        }
        return all.get(0);
    }

    /**
     * The files with the matrices: the path itself, the one in a folder, or those of a training
     * run, whose headers name the phase of a plan that each is for.
     *
     * @throws FormatException if a folder holds no such file, or several that name no phase
     */
    public static List<Path> all(Path path) {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        for (String name : NAMES) {
            if (Files.exists(path.resolve(name))) {
                return List.of(path.resolve(name));
            }
        }
        List<Path> files = in(path);
        if (files.isEmpty()) {
            throw new FormatException(
                    path,
                    null,
                    "is a folder without safetensors files",
                    "expected " + NAMES.get(0) + " in it; pickles (.bin, .pt) are not read");
        }
        if (files.size() == 1) {
            return files;
        }
        List<Path> trained = files.stream().filter(AdapterPath::namesItsPhase).toList();
        if (trained.isEmpty()) {
            throw several(path, files);
        }
        return trained;
    }

    /**
     * Adapters with a file each: a folder stands for the one in it; that of a training run for all
     * in it, each for the steps that it knows itself.
     *
     * @throws FormatException if a folder holds none, or several not of a training run
     * @throws RequestException if steps are given to several adapters
     */
    public static List<Lora> expand(List<Lora> loras) {
        List<Lora> result = new ArrayList<>();
        for (Lora lora : loras) {
            List<Path> files = all(lora.path());
            if (files.size() > 1 && lora.steps() != null) {
                throw new RequestException(
                        "adapter '"
                                + lora
                                + "': the folder holds "
                                + files.size()
                                + " adapters, each for its own steps; leave @ out, or name one of"
                                + " them, such as "
                                + files.get(0)
                                + "@"
                                + lora.steps());
            }
            files.forEach(file -> result.add(lora.from(file)));
        }
        return result;
    }

    private static FormatException several(Path path, List<Path> files) {
        return new FormatException(
                path,
                null,
                "is a folder with " + files.size() + " safetensors files",
                "name one of them, such as " + files.get(0).getFileName());
    }

    /** A checkpoint beside an adapter does not. */
    private static boolean namesItsPhase(Path file) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            return PhaseNote.of(opened.metadata()).isPresent();
        }
    }

    /**
     * A short name for people: that of the file, or of the folder where all files have the same.
     */
    public static String title(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        boolean named = !NAMES.contains(String.valueOf(absolute.getFileName()));
        Path titled = named || absolute.getParent() == null ? absolute : absolute.getParent();
        String name = String.valueOf(titled.getFileName());
        return name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
    }

    /** Whether a name is one that PEFT or diffusers gives. */
    public static boolean isUsual(String name) {
        return NAMES.contains(name);
    }

    /**
     * Which of the files of a folder, by their names, the folder stands for: that with a name of
     * PEFT or diffusers, else all safetensors files.
     */
    public static List<String> candidates(List<String> names) {
        for (String name : NAMES) {
            if (names.contains(name)) {
                return List.of(name);
            }
        }
        return names.stream().filter(name -> name.endsWith(ENDING)).toList();
    }

    /** Whether there is a file, or a folder with a safetensors file. */
    public static boolean mayBeAt(Path path) {
        return Files.isDirectory(path) ? !in(path).isEmpty() : Files.exists(path);
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
    public static Optional<Path> config(Path file) {
        Path config = file.resolveSibling(CONFIG);
        boolean others = Files.exists(file.resolveSibling(NAMES.get(0)));
        return Files.isRegularFile(config) && (isNamedByPeft(file) || !others)
                ? Optional.of(config)
                : Optional.empty();
    }

    /** Whether a file has the name that PEFT gives, so that a config beside it is surely its. */
    public static boolean isNamedByPeft(Path file) {
        return file.endsWith(NAMES.get(0));
    }

    /** The safetensors files of a folder, sorted. */
    public static List<Path> in(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be listed (" + e + ")", e);
        }
    }
}
