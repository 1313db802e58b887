package glance.lora;

import glance.api.FormatException;
import glance.io.SafetensorsFile;
import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An adapter file, matched to the modules of one model. Reads the diffusers, PEFT, kohya, LyCORIS
 * and ComfyUI layouts: see {@link Role} for the keys and {@link KeyMap} for the module names. The
 * matrices stay in the mapped file.
 */
public final class LoraFile {
    private static final int MAX_EXAMPLES = 3;
    private static final int SHOWN_KEYS = 5;

    private final Path path;
    private final Map<String, Update> updates;
    private final List<String> unmatched;
    private final List<String> unused;
    private final LoraLayout layout; // null if the names have no prefix
    private final PhaseNote note;
    private final List<String> remarks;

    private LoraFile(
            SafetensorsFile file,
            AdapterKeys keys,
            Map<String, Update> updates,
            List<String> unmatched,
            List<String> unused) {
        this.path = file.path();
        this.updates = Collections.unmodifiableMap(updates);
        this.unmatched = List.copyOf(unmatched);
        this.unused = List.copyOf(unused);
        this.layout = layout(keys);
        this.note = PhaseNote.of(file.metadata()).orElse(null);
        this.remarks = keys.remarks();
    }

    /**
     * Opens a file and matches it.
     *
     * @param location the file, or the folder of an adapter: see {@link AdapterPath}
     * @param keyMap the names of the model's family
     * @param modules weight shapes [out, in] of the model's linear layers, by module name; those of
     *     text encoders as in {@link TextEncoderNames}
     * @throws FormatException naming file and key, if the file is damaged or of an unsupported
     *     kind, a shape does not fit its module, a module is given twice, or most are none of this
     *     model's
     */
    public static LoraFile open(Path location, KeyMap keyMap, Map<String, Shape> modules) {
        Path path = AdapterPath.file(location);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            AdapterKeys keys = AdapterKeys.read(file);
            ModuleNames names = new ModuleNames(keyMap, modules);
            Map<String, Update> updates = new LinkedHashMap<>();
            List<String> unmatched = new ArrayList<>(keys.others());
            List<String> foreign = new ArrayList<>(keys.others());
            Map<String, List<String>> ofOtherEncoders = new LinkedHashMap<>();
            List<String> tables = new ArrayList<>();
            List<String> unknown = new ArrayList<>();
            int known = 0;
            for (AdapterKeys.Entry entry : keys.entries()) {
                List<Target> targets = names.find(path, entry.module());
                if (targets == null) {
                    unmatched.addAll(entry.keys());
                    boolean encoder = ModuleNames.isTextEncoder(entry.module());
                    if (!encoder) {
                        unknown.add(entry.module());
                    }
                    if (encoder && !names.hasEncoderOf(entry.module())) {
                        ofOtherEncoders
                                .computeIfAbsent(
                                        ModuleNames.encoder(entry.module()),
                                        unused -> new ArrayList<>())
                                .addAll(entry.keys());
                    } else if (keyMap.isTable(ModuleNames.bare(entry.module()), modules)) {
                        tables.addAll(entry.keys());
                    } else {
                        foreign.addAll(entry.keys());
                    }
                } else {
                    Update update = entry.update(file);
                    requireFit(path, entry, update, targets, modules);
                    add(path, entry, update, targets, updates);
                    known++;
                }
            }
            if (updates.isEmpty()) {
                throw nothingMatches(path, unmatched, modules);
            }
            if (unknown.size() > known) {
                throw hardlyMatches(path, unknown, known, modules);
            }
            List<String> unused = new ArrayList<>();
            say(unused, "no such module in this model", foreign);
            say(unused, "a table of this model, and only layers take adapters", tables);
            ofOtherEncoders.forEach(
                    (encoder, theirs) ->
                            say(unused, "this model has no text encoder " + encoder, theirs));
            return new LoraFile(file, keys, updates, unmatched, unused);
        }
    }

    private static void say(List<String> lines, String reason, List<String> keys) {
        if (!keys.isEmpty()) {
            lines.add("not used, " + reason + ": " + PrintableText.some(keys, SHOWN_KEYS));
        }
    }

    /**
     * Opens a file without a model, by the names in it: prefixes such as {@code transformer.} are
     * taken away, names with underscores for dots stay as they are ({@link LoraLayout#isFlat}), and
     * so do those of text encoders.
     *
     * @throws FormatException naming file and key, if the file is damaged, of an unsupported kind,
     *     or no adapter, or a module is given twice
     */
    public static LoraFile openByName(Path location) {
        Path path = AdapterPath.file(location);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            AdapterKeys keys = AdapterKeys.read(file);
            Map<String, Update> updates = new LinkedHashMap<>();
            List<String> unmatched = new ArrayList<>(keys.others());
            for (AdapterKeys.Entry entry : keys.entries()) {
                String module = ModuleNames.bare(entry.module());
                Update update = entry.update(file);
                List<Target> whole = List.of(KeyMap.whole(module, update.shape()));
                add(path, entry, update, whole, updates);
            }
            if (updates.isEmpty()) {
                throw new FormatException(
                        path,
                        unmatched.isEmpty() ? null : unmatched.get(0),
                        "is no adapter",
                        "expected keys such as MODULE.lora_A.weight and MODULE.lora_B.weight");
            }
            List<String> unused = new ArrayList<>();
            say(unused, "no part of an adapter", unmatched);
            return new LoraFile(file, keys, updates, unmatched, unused);
        }
    }

    /** That of the first module of a transformer, else of the first of a text encoder. */
    private static LoraLayout layout(AdapterKeys keys) {
        List<String> modules = keys.entries().stream().map(AdapterKeys.Entry::module).toList();
        String first =
                modules.stream()
                        .filter(module -> !ModuleNames.isTextEncoder(module))
                        .findFirst()
                        .orElse(modules.isEmpty() ? "" : modules.get(0));
        LoraLayout otherwise = ModuleNames.isFlat(first) ? LoraLayout.KOHYA : null;
        return LoraLayout.of(first).orElse(otherwise);
    }

    /** The layout that the names in the file show; empty if they have no prefix. */
    public Optional<LoraLayout> layout() {
        return Optional.ofNullable(layout);
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** What it changes, by module name, in file order. */
    public Map<String, Update> updates() {
        return updates;
    }

    /** The products of two matrices among it, with or without more. */
    public Map<String, LoraPair> pairs() {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        updates.forEach(
                (module, update) -> {
                    if (update.pair() != null) {
                        pairs.put(module, update.pair());
                    }
                });
        return pairs;
    }

    /** Whether every module has a LoRA and nothing else. */
    public boolean isPlain() {
        return updates.values().stream().allMatch(Update::isPlain);
    }

    /** Keys of the file that match no module. */
    public List<String> unmatched() {
        return unmatched;
    }

    /** What of the file has no effect and why, a line for each reason. */
    public List<String> unused() {
        return unused;
    }

    /**
     * What the user should know, in words that follow the file's name: doubts about the strength
     * that was read, and what is {@link #unused}; mostly nothing.
     */
    public List<String> remarks() {
        List<String> all = new ArrayList<>(remarks);
        all.addAll(unused);
        long full = updates.values().stream().filter(update -> update.full() != null).count();
        if (full > 0) {
            all.add(
                    full
                            + (full == 1 ? " module is" : " modules are")
                            + " changed by more than products of two narrow matrices; a changed copy"
                            + " of their weights is used");
        }
        return all;
    }

    /** What the file says about the steps it was trained for, if it does. */
    public Optional<PhaseNote> note() {
        return Optional.ofNullable(note);
    }

    @Override
    public String toString() {
        return path + " (" + updates.size() + " modules)";
    }

    private static void requireFit(
            Path path,
            AdapterKeys.Entry entry,
            Update update,
            List<Target> targets,
            Map<String, Shape> modules) {
        Shape got = update.shape();
        int rows = targets.stream().mapToInt(Target::end).max().orElse(0);
        for (Target target : targets) {
            Shape weight = Update.matrix(modules.get(target.module()));
            boolean fits = got.dim(1) == weight.dim(1) || got.dim(1) == 0;
            if (isControl(target.module(), got, weight)) {
                throw new FormatException(
                        path,
                        entry.keys().get(0),
                        "is of a control adapter: it needs a control picture as input, beside the "
                                + weight.dim(1)
                                + " channels of "
                                + target.module(),
                        "control pictures are not supported; use another adapter");
            }
            if (!fits || got.dim(0) != rows || target.count() != weight.dim(0)) {
                throw new FormatException(
                        path,
                        entry.keys().get(0),
                        "is for a weight [out, in] of "
                                + got
                                + ", but that of "
                                + target.module()
                                + " is "
                                + weight,
                        "the adapter is for a model with layers of other sizes");
            }
        }
    }

    /** Whether it widens the layer by which a picture enters the model, which is in no block. */
    private static boolean isControl(String module, Shape got, Shape weight) {
        return ModuleKind.of(module).equals(module)
                && got.dim(0) == weight.dim(0)
                && got.dim(1) > weight.dim(1)
                && got.dim(1) % weight.dim(1) == 0;
    }

    private static void add(
            Path path,
            AdapterKeys.Entry entry,
            Update update,
            List<Target> targets,
            Map<String, Update> updates) {
        for (Target target : targets) {
            if (updates.put(target.module(), update.rows(target.rows())) != null) {
                throw new FormatException(
                        path,
                        entry.keys().get(0),
                        "adapts " + target.module() + ", which another key adapts already",
                        "keep one adapter in a file");
            }
        }
    }

    private static FormatException hardlyMatches(
            Path path, List<String> unknown, int known, Map<String, Shape> modules) {
        return new FormatException(
                path,
                null,
                unknown.size()
                        + " of its "
                        + (unknown.size() + known)
                        + " modules have names that are not known here, such as "
                        + examples(unknown),
                expected(modules));
    }

    private static FormatException nothingMatches(
            Path path, List<String> unmatched, Map<String, Shape> modules) {
        return new FormatException(
                path,
                null,
                unmatched.isEmpty()
                        ? "holds no tensors"
                        : "none of its "
                                + unmatched.size()
                                + " tensors has a name that is known here; it has "
                                + examples(unmatched),
                expected(modules));
    }

    /** Names of the model's own modules, in the middle of it, where most adapters have theirs. */
    private static String expected(Map<String, Shape> modules) {
        List<String> names =
                modules.keySet().stream()
                        .sorted(Comparator.comparing(name -> !name.matches(".*\\d.*")))
                        .map(name -> name + ".lora_A.weight")
                        .toList();
        return "expected names such as " + examples(names);
    }

    private static String examples(List<String> names) {
        return names.stream().limit(MAX_EXAMPLES).collect(Collectors.joining(", "));
    }
}
