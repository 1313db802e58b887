package glance.hub;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.FormatException;
import glance.io.Json;
import glance.io.Weights;
import glance.lora.AdapterPath;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which files of a repository the engine reads: of a model in the layout of diffusers, or of an
 * adapter.
 *
 * @param main the adapter's file; null of a model
 * @param files their paths in the repository, sorted
 */
record Selection(String main, List<String> files) {
    private static final String INDEX = "model_index.json";
    private static final String CONFIG = "config.json";
    private static final String SCHEDULER = "scheduler_config.json";
    private static final String PROCESSOR = "preprocessor_config.json";
    private static final long MAX_INDEX_BYTES = 1 << 24;
    private static final int MAX_LISTED = 10;

    private static final Pattern WEIGHTS = Pattern.compile("transformer|vae|text_encoder(_\\d)?");
    private static final Pattern TOKENIZER = Pattern.compile("tokenizer(_\\d)?");
    private static final List<String> TOKENIZER_FILES =
            List.of(
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "vocab.json",
                    "merges.txt",
                    "added_tokens.json",
                    "special_tokens_map.json",
                    "spiece.model");

    /** Any of these are enough for a tokenizer. */
    private static final List<List<String>> TOKENIZERS =
            List.of(
                    List.of("tokenizer.json"),
                    List.of("spiece.model"),
                    List.of("vocab.json", "merges.txt"));

    /** What is looked for in a repository. */
    enum Want {
        MODEL,
        ADAPTER,
        EITHER
    }

    /**
     * Chooses from the files of a repository.
     *
     * @throws FormatException if what is wanted is not among them, or is there several times
     */
    static Selection of(HubName name, List<String> names, Want want) {
        boolean model = name.file() == null && names.contains(INDEX);
        if (model && want == Want.ADAPTER) {
            throw refuse(name, "holds a model, no adapter", "give it with --model");
        }
        if (model) {
            return model(name, names);
        }
        if (want == Want.MODEL) {
            throw refuse(
                    name,
                    name.file() == null ? "holds no " + INDEX : "is a file of a repository",
                    "a model is in diffusers layout, and is called "
                            + HubName.SYNTAX
                            + "; an adapter is given with --lora");
        }
        return adapter(name, names);
    }

    private static Selection model(HubName name, List<String> names) {
        List<String> files = new ArrayList<>();
        for (Map.Entry<String, List<String>> folder : folders(names).entrySet()) {
            String at = folder.getKey();
            for (String file : read(at, folder.getValue())) {
                files.add(at.isEmpty() ? file : at + "/" + file);
            }
            if (WEIGHTS.matcher(at).matches() && Weights.chosen(folder.getValue()).isEmpty()) {
                throw refuse(
                        name,
                        "holds no safetensors files of weights in " + at,
                        "pickles and other formats are not read; look for another copy of the"
                                + " model");
            }
        }
        return new Selection(null, files.stream().sorted().toList());
    }

    /** The files of a folder that are read, by their names in it. */
    private static List<String> read(String folder, List<String> names) {
        if (folder.isEmpty()) {
            return present(names, List.of(INDEX, "glance.json"));
        }
        if (folder.equals("experts")) {
            return names.stream().filter(name -> name.endsWith(".safetensors")).toList();
        }
        if (folder.equals("scheduler")) {
            return present(names, List.of(SCHEDULER));
        }
        if (folder.equals("processor")) {
            return present(names, List.of(PROCESSOR));
        }
        if (TOKENIZER.matcher(folder).matches()) {
            return present(names, TOKENIZER_FILES);
        }
        if (!WEIGHTS.matcher(folder).matches()) {
            return List.of();
        }
        List<String> files = new ArrayList<>(present(names, List.of(CONFIG)));
        files.addAll(Weights.chosen(names));
        return files;
    }

    private static List<String> present(List<String> names, List<String> wanted) {
        return wanted.stream().filter(names::contains).toList();
    }

    /** Names of files by the folder that they are in, empty for the top. */
    private static Map<String, List<String>> folders(List<String> names) {
        return names.stream()
                .collect(
                        Collectors.groupingBy(
                                name -> name.substring(0, Math.max(0, name.lastIndexOf('/'))),
                                TreeMap::new,
                                Collectors.mapping(
                                        name -> name.substring(name.lastIndexOf('/') + 1),
                                        Collectors.toList())));
    }

    private static Selection adapter(HubName name, List<String> names) {
        List<String> found =
                name.file() == null
                        ? AdapterPath.candidates(names)
                        : present(names, List.of(name.file()));
        if (found.isEmpty()) {
            throw refuse(
                    name,
                    "the repository has no such file",
                    name.file() == null
                            ? "a model has a "
                                    + INDEX
                                    + ", an adapter a safetensors file; neither is in it"
                            : "it has " + PrintableText.some(candidates(names), MAX_LISTED));
        }
        if (found.size() > 1) {
            throw refuse(
                    name,
                    "holds " + found.size() + " safetensors files",
                    "name one of them, such as "
                            + name.repo()
                            + "/"
                            + PrintableText.some(found, MAX_LISTED));
        }
        String main = found.get(0);
        String folder = main.substring(0, main.lastIndexOf('/') + 1);
        List<String> files = new ArrayList<>(List.of(main));
        files.addAll(present(names, List.of(folder + AdapterPath.CONFIG)));
        return new Selection(main, files.stream().sorted().toList());
    }

    private static List<String> candidates(List<String> names) {
        List<String> found = AdapterPath.candidates(names);
        return found.isEmpty() ? List.of("no safetensors files") : found;
    }

    /** Whether a snapshot is of a model, whole or not. */
    static boolean isModel(Path snapshot) {
        return Files.exists(snapshot.resolve(INDEX));
    }

    /** Whether a snapshot is of a model and can be used. */
    static boolean isWhole(Path snapshot) {
        return isModel(snapshot) && missing(snapshot).isEmpty();
    }

    /**
     * What a snapshot lacks of a model, as far as it can be known without the hub; nothing if it
     * can be used.
     */
    static List<String> missing(Path snapshot) {
        List<String> missing = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry :
                Json.readObject(snapshot.resolve(INDEX), MAX_INDEX_BYTES).properties()) {
            boolean used = entry.getValue().isArray() && !entry.getValue().path(0).isNull();
            String folder = entry.getKey();
            Path path = snapshot.resolve(folder);
            if (!used) {
                continue;
            }
            if (folder.equals("scheduler")) {
                require(path, SCHEDULER, missing);
            } else if (TOKENIZER.matcher(folder).matches()) {
                if (TOKENIZERS.stream().noneMatch(files -> hasAll(path, files))) {
                    missing.add(folder);
                }
            } else if (WEIGHTS.matcher(folder).matches()) {
                require(path, CONFIG, missing);
                weights(path).forEach(file -> missing.add(folder + "/" + file));
            }
        }
        return missing;
    }

    private static boolean hasAll(Path folder, List<String> names) {
        return names.stream().allMatch(name -> Files.exists(folder.resolve(name)));
    }

    private static void require(Path folder, String name, List<String> missing) {
        if (!Files.exists(folder.resolve(name))) {
            missing.add(folder.getFileName() + "/" + name);
        }
    }

    private static List<String> weights(Path folder) {
        try {
            return Files.isDirectory(folder) ? Weights.missing(folder) : List.of("*.safetensors");
        } catch (FormatException e) {
            return List.of("*.safetensors");
        }
    }

    /**
     * The adapter that a snapshot surely stands for: the file that was named, or one with a name of
     * PEFT or diffusers, of PEFT with its config. Without a network the only one will do.
     */
    static Optional<Path> cachedAdapter(HubName name, Path snapshot, boolean offline) {
        List<String> names = RepoCache.files(snapshot);
        List<String> found =
                name.file() == null
                        ? AdapterPath.candidates(names)
                        : present(names, List.of(name.file()));
        if (found.size() != 1 || name.file() == null && isModel(snapshot)) {
            return Optional.empty();
        }
        Path file = snapshot.resolve(found.get(0));
        boolean whole = !AdapterPath.isNamedByPeft(file) || AdapterPath.config(file).isPresent();
        boolean chosen = name.file() != null || AdapterPath.isUsual(found.get(0));
        return Optional.of(file).filter(path -> offline || whole && chosen);
    }

    private static FormatException refuse(HubName name, String reason, String remedy) {
        return new FormatException(Path.of(name.toString()), null, reason, remedy);
    }
}
