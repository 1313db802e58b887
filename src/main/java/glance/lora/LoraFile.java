package glance.lora;

import glance.io.FormatException;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.lora.KeyMap.Rows;
import glance.lora.KeyMap.Target;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter file, matched to the modules of one model. Reads the diffusers, PEFT, kohya and
 * ComfyUI layouts: see {@link AdapterKeys} for the keys and {@link KeyMap} for the module names.
 * The matrices stay in the mapped file.
 */
public final class LoraFile {
    private static final String WRONG_MODEL = "use an adapter made for this model";

    private final Path path;
    private final Map<String, LoraPair> pairs;
    private final List<String> unmatched;
    private final LoraLayout layout; // null if the names have no prefix
    private final PhaseNote note;

    private LoraFile(
            Path path,
            Map<String, LoraPair> pairs,
            List<String> unmatched,
            LoraLayout layout,
            PhaseNote note) {
        this.path = path;
        this.pairs = Collections.unmodifiableMap(pairs);
        this.unmatched = List.copyOf(unmatched);
        this.layout = layout;
        this.note = note;
    }

    /**
     * Opens a file and matches it.
     *
     * @param keyMap the names of the model's family
     * @param modules weight shapes [out, in] of the model's linear layers, by module name
     * @throws FormatException naming file and key, if the file is damaged or of an unsupported
     *     kind, a shape does not fit its module, a module is given twice, or most are none of this
     *     model's
     */
    public static LoraFile open(Path path, KeyMap keyMap, Map<String, Shape> modules) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            AdapterKeys keys = AdapterKeys.read(file);
            ModuleNames names = new ModuleNames(keyMap.names(modules));
            Map<String, LoraPair> pairs = new LinkedHashMap<>();
            List<String> unmatched = new ArrayList<>(keys.others());
            List<String> unknown = new ArrayList<>();
            int known = 0;
            for (AdapterKeys.Entry entry : keys.entries()) {
                List<Target> targets = names.find(path, entry.module());
                if (targets == null) {
                    unmatched.addAll(entry.keys());
                    if (!ModuleNames.isTextEncoder(entry.module())) {
                        unknown.add(entry.module());
                    }
                } else {
                    requireFit(path, entry, targets, modules);
                    addPairs(file, entry, targets, pairs);
                    known++;
                }
            }
            if (pairs.isEmpty()) {
                throw nothingMatches(path, unmatched);
            }
            if (unknown.size() > known) {
                throw hardlyMatches(path, unknown, known);
            }
            return new LoraFile(path, pairs, unmatched, layout(keys), note(file));
        }
    }

    /**
     * Opens a file without a model, by the names in it: prefixes such as {@code transformer.} are
     * taken away, names with underscores for dots stay as they are ({@link LoraLayout#isFlat}), and
     * those of a text encoder are left out as unmatched.
     *
     * @throws FormatException naming file and key, if the file is damaged, of an unsupported kind,
     *     or no adapter, or a module is given twice
     */
    public static LoraFile openByName(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            AdapterKeys keys = AdapterKeys.read(file);
            Map<String, LoraPair> pairs = new LinkedHashMap<>();
            List<String> unmatched = new ArrayList<>(keys.others());
            for (AdapterKeys.Entry entry : keys.entries()) {
                if (ModuleNames.isTextEncoder(entry.module())) {
                    unmatched.addAll(entry.keys());
                } else {
                    String module = ModuleNames.bare(entry.module());
                    Shape out = Shape.of(entry.b().shape().dim(0), entry.a().shape().dim(1));
                    addPairs(file, entry, List.of(KeyMap.whole(module, out)), pairs);
                }
            }
            if (pairs.isEmpty()) {
                throw new FormatException(
                        path,
                        unmatched.isEmpty() ? null : unmatched.get(0),
                        "is no adapter of a transformer",
                        "expected keys such as MODULE.lora_A.weight and MODULE.lora_B.weight");
            }
            return new LoraFile(path, pairs, unmatched, layout(keys), note(file));
        }
    }

    /** That of the first module of a transformer. */
    private static LoraLayout layout(AdapterKeys keys) {
        for (AdapterKeys.Entry entry : keys.entries()) {
            String module = entry.module();
            if (!ModuleNames.isTextEncoder(module)) {
                LoraLayout otherwise = ModuleNames.isFlat(module) ? LoraLayout.KOHYA : null;
                return LoraLayout.of(module).orElse(otherwise);
            }
        }
        return null;
    }

    private static PhaseNote note(SafetensorsFile file) {
        return PhaseNote.of(file.metadata()).orElse(null);
    }

    /** The layout that the names in the file show; empty if they have no prefix. */
    public Optional<LoraLayout> layout() {
        return Optional.ofNullable(layout);
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** The adapters by module name, in file order. */
    public Map<String, LoraPair> pairs() {
        return pairs;
    }

    /** Keys of the file that match no module; they have no effect, which is worth a warning. */
    public List<String> unmatched() {
        return unmatched;
    }

    /** What the file says about the steps it was trained for, if it does. */
    public Optional<PhaseNote> note() {
        return Optional.ofNullable(note);
    }

    @Override
    public String toString() {
        return path + " (" + pairs.size() + " modules)";
    }

    private static void requireFit(
            Path path, AdapterKeys.Entry entry, List<Target> targets, Map<String, Shape> modules) {
        int rows = targets.stream().mapToInt(Target::end).max().orElse(0);
        for (Target target : targets) {
            Shape weight = modules.get(target.module());
            if (entry.a().shape().dim(1) != weight.dim(1)) {
                throw misfit(
                        path, entry.a().name(), entry.a().shape(), target, weight, "[rank, in]");
            }
            if (entry.b().shape().dim(0) != rows || target.count() != weight.dim(0)) {
                throw misfit(
                        path, entry.b().name(), entry.b().shape(), target, weight, "[out, rank]");
            }
        }
    }

    private static FormatException misfit(
            Path path, String key, Shape got, Target target, Shape weight, String layout) {
        return new FormatException(
                path,
                key,
                layout
                        + " is "
                        + got
                        + ", but the weight of "
                        + target.module()
                        + " [out, in] is "
                        + weight,
                WRONG_MODEL);
    }

    private static void addPairs(
            SafetensorsFile file,
            AdapterKeys.Entry entry,
            List<Target> targets,
            Map<String, LoraPair> pairs) {
        ByteBuffer a = file.data(entry.a().name());
        ByteBuffer b = file.data(entry.b().name());
        HostTensor down = new HostTensor(entry.a().dtype(), entry.a().shape(), a);
        for (Target target : targets) {
            HostTensor up = rows(entry.b().dtype(), entry.rank(), b, target);
            LoraPair pair = new LoraPair(down, up, entry.alpha());
            if (pairs.put(target.module(), pair) != null) {
                throw new FormatException(
                        file.path(),
                        entry.b().name(),
                        "adapts " + target.module() + ", which another key adapts already",
                        "keep one adapter in a file");
            }
        }
    }

    /** The rows of lora_B that a module takes: a view if they are one range, else a copy. */
    private static HostTensor rows(DType dtype, int rank, ByteBuffer b, Target target) {
        int rowBytes = rank * dtype.bytes();
        Shape shape = Shape.of(target.count(), rank);
        if (target.rows().size() == 1) {
            return new HostTensor(dtype, shape, slice(b, target.rows().get(0), rowBytes));
        }
        ByteBuffer copy = ByteBuffer.allocateDirect(target.count() * rowBytes);
        target.rows().forEach(range -> copy.put(slice(b, range, rowBytes)));
        return new HostTensor(dtype, shape, copy.flip().order(ByteOrder.LITTLE_ENDIAN));
    }

    private static ByteBuffer slice(ByteBuffer b, Rows range, int rowBytes) {
        return b.slice(range.begin() * rowBytes, range.count() * rowBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static FormatException hardlyMatches(Path path, List<String> unknown, int known) {
        return new FormatException(
                path,
                unknown.get(0),
                "and "
                        + (unknown.size() - 1)
                        + " more of its "
                        + (unknown.size() + known)
                        + " modules are none of this model's",
                WRONG_MODEL);
    }

    private static FormatException nothingMatches(Path path, List<String> unmatched) {
        String example = unmatched.isEmpty() ? "" : ", for example " + unmatched.get(0);
        return new FormatException(
                path,
                null,
                "none of its "
                        + unmatched.size()
                        + " tensors adapts a module of this model"
                        + example,
                WRONG_MODEL);
    }
}
