package glance.io;

import glance.api.FormatException;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the weights of a component in its folder. As from_pretrained does without a variant, it
 * takes the plain files where they are; else those of a variant, bf16 before fp16 (whose range is
 * smaller) before others.
 */
final class WeightFolder {
    private static final List<String> STEMS = List.of("diffusion_pytorch_model", "model");
    private static final List<String> VARIANTS = List.of("", "bf16", "fp16");
    private static final String EXPECTED =
            "expected diffusion_pytorch_model.safetensors or model.safetensors"
                    + " or one *.safetensors.index.json";
    private static final String GGUF = ".gguf";
    private static final String FETCH = "fetch the .safetensors files of the model";

    private static final Pattern SHARD =
            Pattern.compile(
                    "(?<stem>.*?)(?:\\.([\\w-]+))?-\\d+-of-\\d+(?:\\.(\\w+))?\\.safetensors");

    private static final Pattern SINGLE =
            Pattern.compile("(" + String.join("|", STEMS) + ")(?:\\.([\\w.-]+))?\\.safetensors");

    /** Tools put the name of a variant at three places. */
    private static final Pattern INDEX =
            Pattern.compile(
                    "[^.]+(?:\\.([\\w-]+))?\\.safetensors(?:\\.([\\w-]+))?\\.index"
                            + "(?:\\.([\\w-]+))?\\.json");

    private static final Pattern PICKLE = Pattern.compile(".*\\.(bin|pt|pth|ckpt|pkl|pickle)");
    private static final Map<String, String> OTHERS =
            Map.of(
                    "gguf", "several GGUF files",
                    "msgpack", "Flax",
                    "h5", "TensorFlow",
                    "onnx", "ONNX",
                    "incomplete", "a download that was not finished",
                    "part", "a download that was not finished",
                    "aria2", "a download that was not finished",
                    "crdownload", "a download that was not finished");

    private final Path folder;
    private final List<String> names;

    /**
     * @param variant empty for plain files
     */
    private record Candidate(String name, String variant, boolean sharded) {
        int rank() {
            int known = VARIANTS.indexOf(variant);
            return known < 0 ? VARIANTS.size() : known;
        }

        /** Whether a shard is one of this index, by its name. */
        boolean isOf(Matcher shard) {
            return shard.matches()
                    && name.startsWith(shard.group("stem") + ".")
                    && variant.equals(WeightFolder.variant(shard, 2));
        }
    }

    private WeightFolder(Path folder) {
        this(folder, FileInput.names(folder));
    }

    private WeightFolder(Path folder, List<String> names) {
        this.folder = folder;
        this.names = names;
    }

    /**
     * The files that {@link #find} and what opens its result would read in a folder with these
     * names; none if there are no such weights.
     */
    static List<String> chosen(List<String> names) {
        WeightFolder folder = new WeightFolder(null, names);
        for (Candidate candidate : folder.candidates()) {
            if (!candidate.sharded()) {
                return List.of(candidate.name());
            }
            List<String> files = new ArrayList<>(List.of(candidate.name()));
            files.addAll(folder.named(name -> candidate.isOf(SHARD.matcher(name))));
            if (files.size() > 1) {
                return files;
            }
        }
        return List.of();
    }

    /** Whether weights belong into a folder: it has a config.json, or weights of any kind. */
    static boolean isHomeOf(Path folder) {
        WeightFolder found = new WeightFolder(folder);
        return found.names.contains("config.json")
                || found.names.stream().anyMatch(WeightFolder::isNameOfWeights);
    }

    /** Whether a name is that of weights in any format. */
    static boolean isNameOfWeights(String name) {
        return kind(name) != null;
    }

    /** Whether a name is that of an index, plain or of a variant. */
    static boolean isIndex(Path file) {
        return INDEX.matcher(file.getFileName().toString()).matches();
    }

    /**
     * The file of weights or the index of shards to open.
     *
     * @throws FormatException that says what the folder holds instead
     */
    static Path find(Path folder) {
        return new WeightFolder(folder).find();
    }

    /**
     * Names of files that {@link #find} or an index names and that are not in the folder.
     *
     * @throws FormatException if the folder holds no weights that are read, or a damaged index
     */
    static List<String> missing(Path folder) {
        Path file = find(folder);
        List<String> wanted = List.of(file.getFileName().toString());
        if (isIndex(file) && Files.exists(file)) {
            wanted = List.copyOf(ShardIndex.read(file).shards());
        }
        return wanted.stream().filter(name -> !Files.exists(folder.resolve(name))).toList();
    }

    private Path find() {
        List<Candidate> candidates = candidates();
        if (candidates.isEmpty()) {
            List<String> gguf = named(name -> name.endsWith(GGUF));
            if (gguf.size() == 1) {
                return folder.resolve(gguf.get(0));
            }
            throw refusal();
        }
        List<Candidate> whole = candidates.stream().filter(this::isWhole).toList();
        // What is not whole is refused by name when it is opened.
        Candidate best = (whole.isEmpty() ? candidates : whole).get(0);
        List<String> rivals =
                whole.stream()
                        .filter(c -> c.sharded() && c.variant().equals(best.variant()))
                        .map(Candidate::name)
                        .toList();
        if (best.sharded() && rivals.size() > 1) {
            throw new FormatException(folder, null, "holds several indexes " + rivals, EXPECTED);
        }
        return folder.resolve(best.name());
    }

    /** Best first. */
    private List<Candidate> candidates() {
        List<Candidate> found = new ArrayList<>();
        for (String name : names) {
            Matcher single = SINGLE.matcher(name);
            Matcher index = INDEX.matcher(name);
            if (single.matches() && !SHARD.matcher(name).matches()) {
                found.add(new Candidate(name, variant(single, 2), false));
            } else if (index.matches()) {
                found.add(new Candidate(name, variant(index, 1), true));
            }
        }
        found.sort(
                Comparator.comparingInt(Candidate::rank)
                        .thenComparing(Candidate::variant)
                        .thenComparing(Candidate::sharded)
                        .thenComparing(Candidate::name));
        return found;
    }

    private static String variant(Matcher matcher, int from) {
        for (int group = from; group <= matcher.groupCount(); group++) {
            if (matcher.group(group) != null) {
                return matcher.group(group);
            }
        }
        return "";
    }

    /** An index may lie there without its shards, where only those of a variant were fetched. */
    private boolean isWhole(Candidate candidate) {
        Path file = folder.resolve(candidate.name());
        if (!Files.exists(file) || !candidate.sharded()) {
            return Files.exists(file);
        }
        try {
            return ShardIndex.read(file).shards().stream()
                    .anyMatch(shard -> Files.exists(folder.resolve(shard)));
        } catch (FormatException e) {
            return true;
        }
    }

    private FormatException refusal() {
        List<String> safetensors = named(name -> name.endsWith(".safetensors"));
        if (!safetensors.isEmpty()) {
            return other(safetensors);
        }
        for (String name : names) {
            String kind = kind(name);
            if (kind != null) {
                return new FormatException(
                        folder,
                        null,
                        "holds its weights only as "
                                + kind
                                + " ("
                                + PrintableText.quoted(name)
                                + ")",
                        PICKLE.matcher(name).matches()
                                ? "a pickle can run code when it is opened and is not read; "
                                        + FETCH
                                : FETCH);
            }
        }
        return new FormatException(folder, null, "holds no weights", EXPECTED);
    }

    /** Safetensors files under other names: shards without an index, or a renamed file. */
    private FormatException other(List<String> files) {
        String first = files.get(0);
        if (files.stream().allMatch(name -> SHARD.matcher(name).matches())) {
            return new FormatException(
                    folder,
                    null,
                    "holds shards (" + PrintableText.quoted(first) + ") without their index",
                    "fetch the file that ends in .safetensors.index.json");
        }
        try (Weights weights = Weights.open(folder.resolve(first))) {
            FormatException foreign = weights.foreign();
            if (foreign != null) {
                return foreign;
            }
        } catch (FormatException e) {
            return e;
        }
        return new FormatException(
                folder,
                null,
                "holds "
                        + PrintableText.quoted(String.join(", ", files))
                        + ", and weights are read under other names only",
                EXPECTED + "; rename the file if it is this component in diffusers layout");
    }

    private List<String> named(Predicate<String> test) {
        return names.stream().filter(test).toList();
    }

    /** The kind of weights that a name stands for, or null. */
    private static String kind(String name) {
        if (name.endsWith(".safetensors") || INDEX.matcher(name).matches()) {
            return "safetensors";
        }
        return PICKLE.matcher(name).matches()
                ? "a pickle"
                : OTHERS.get(name.substring(name.lastIndexOf('.') + 1));
    }
}
