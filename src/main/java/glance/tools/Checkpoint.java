package glance.tools;

import glance.api.FormatException;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.NameTable;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.lora.KeyMap;
import glance.lora.LoraFile;
import glance.model.Family;
import glance.pipeline.Families;
import glance.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The transformer of a model as files, without a device: of a model folder, a component folder, or
 * a single file. Of a model folder the text encoders too.
 */
final class Checkpoint implements AutoCloseable {
    private static final String TRANSFORMER = "transformer";
    private static final List<String> TEXT_ENCODERS =
            List.of("text_encoder", "text_encoder_2", "text_encoder_3");
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final Path path;
    private final Weights weights;
    private final List<Family> families;
    private final Names names;
    private List<Part> encoders; // null before they are asked for

    /**
     * How files name their tensors.
     *
     * @param table names of others; null for those of diffusers
     * @param prefix what stands before them
     */
    record Names(NameTable table, String prefix) {
        static final Names OURS = new Names(null, "");

        /** Weights in these names, without the prefix. */
        Weights of(Weights ours) {
            return table == null ? ours : table.original(ours);
        }
    }

    /**
     * A component.
     *
     * @param prefix what its modules' names have before those of its tensors: none for the
     *     transformer, the folder's name and a dot for a text encoder
     * @param path its folder, or the single file
     * @param weights in the names of diffusers
     * @param names those that the files have
     */
    record Part(String prefix, Path path, Weights weights, Names names) {
        /** The module that a tensor is the weight of; null if it is no weight. */
        String module(TensorInfo info) {
            return isWeight(info) ? prefix + Checkpoint.module(info.name()) : null;
        }

        /** The module that a tensor is the bias of; null if it is no bias. */
        String moduleOfBias(TensorInfo info) {
            String name = prefix + info.name();
            return name.endsWith(BIAS) ? name.substring(0, name.length() - BIAS.length()) : null;
        }
    }

    private Checkpoint(Path path, Weights weights, List<Family> families, Names names) {
        this.path = path;
        this.weights = weights;
        this.families = families;
        this.names = names;
    }

    /**
     * Opens the headers.
     *
     * @throws FormatException if there are no weights, or they are damaged
     */
    static Checkpoint open(Path path) {
        if (!Files.exists(path)) {
            throw new FormatException(
                    path,
                    null,
                    "no such file or folder",
                    "give a model folder, a transformer's folder, or a .safetensors file");
        }
        if (ModelFolder.isModel(path)) {
            ModelFolder folder = ModelFolder.open(path);
            return of(path, folder.weights(TRANSFORMER), List.of(Families.of(folder)));
        }
        List<Family> families = family(path).map(List::of).orElse(Families.all());
        return of(path, Weights.open(path), families);
    }

    private static Checkpoint of(Path path, Weights stored, List<Family> families) {
        try {
            String prefix = stored.prefix(Weights.TRANSFORMER_PREFIXES);
            List<Family> candidates = candidates(families, stored);
            for (Family family : candidates) {
                NameTable table = family.originalNames().filter(t -> t.isIn(stored)).orElse(null);
                if (table != null) {
                    Names names = new Names(table, prefix);
                    return new Checkpoint(path, table.view(stored), List.of(family), names);
                }
            }
            return new Checkpoint(path, stored.transformer(), candidates, new Names(null, prefix));
        } catch (RuntimeException e) {
            stored.close();
            throw e;
        }
    }

    /**
     * The family that a file is of by its names and shapes: those of FLUX.2 have names of FLUX.1
     * among theirs. All of these, if it is of none of them.
     */
    private static List<Family> candidates(List<Family> families, Weights stored) {
        return Families.recognise(stored)
                .map(Families.Known::family)
                .filter(families::contains)
                .map(List::of)
                .orElse(families);
    }

    /** The family that the config.json beside the weights names. */
    private static Optional<Family> family(Path path) {
        Path config =
                (Files.isDirectory(path) ? path : path.toAbsolutePath().getParent())
                        .resolve("config.json");
        return Files.exists(config)
                ? Families.ofTransformer(Config.read(config).string("_class_name", ""))
                : Optional.empty();
    }

    /** The family, where a config or names that only one has say it. */
    Optional<Family> family() {
        return families.size() == 1 ? Optional.of(families.get(0)) : Optional.empty();
    }

    /** What was opened. */
    Path path() {
        return path;
    }

    /** Whether this is a whole model, of which the transformer is a part. */
    boolean isModel() {
        return ModelFolder.isModel(path);
    }

    /** Whether this is a folder of any kind. */
    boolean isFolder() {
        return Files.isDirectory(path);
    }

    /** The folder of the transformer, or the single file. */
    Path component() {
        return isModel() ? path.resolve(TRANSFORMER) : path;
    }

    /** The tensors, in the names of diffusers. */
    Weights weights() {
        return weights;
    }

    /**
     * The transformer and, of a whole model, the text encoders.
     *
     * @throws FormatException if the weights of an encoder are damaged
     */
    List<Part> parts() {
        if (encoders == null) {
            encoders = new ArrayList<>();
            if (isModel()) {
                ModelFolder folder = ModelFolder.open(path);
                TEXT_ENCODERS.stream()
                        .filter(folder::has)
                        .map(e -> textEncoder(folder, e))
                        .forEach(encoders::add);
            }
        }
        List<Part> parts = new ArrayList<>(List.of(new Part("", component(), weights, names)));
        parts.addAll(encoders);
        return parts;
    }

    private static Part textEncoder(ModelFolder folder, String name) {
        return new Part(name + ".", folder.component(name), folder.weights(name), Names.OURS);
    }

    /** Weight shapes of the modules that an adapter can be for, by module name. */
    Map<String, Shape> modules() {
        Map<String, Shape> modules = new LinkedHashMap<>();
        for (Part part : parts()) {
            for (TensorInfo info : part.weights().tensors().values()) {
                if (isWeight(info)) {
                    modules.put(part.module(info), info.shape());
                }
            }
        }
        return modules;
    }

    /**
     * Requires weights whose values are their own.
     *
     * @throws FormatException naming a tensor or the quantiser, if they are not
     */
    static void requirePlain(Weights weights) {
        FormatException quantised = weights.quantised();
        if (quantised != null) {
            throw quantised;
        }
        for (TensorInfo info : weights.tensors().values()) {
            if (info.name().endsWith(WEIGHT)
                    && info.shape().rank() == 2
                    && !info.dtype().isFloating()) {
                throw new FormatException(
                        weights.source(),
                        info.name(),
                        "is " + info.dtype() + ", which cannot be changed or compared here",
                        "use this model's weights in F32, BF16, F16 or F8");
            }
        }
    }

    /** Whether a tensor is the weight of a linear layer. */
    static boolean isLinear(TensorInfo info) {
        return isWeight(info) && info.shape().rank() == 2;
    }

    private static boolean isWeight(TensorInfo info) {
        return info.name().endsWith(WEIGHT) && info.shape().rank() > 0 && info.dtype().isFloating();
    }

    /** The module that a weight belongs to. */
    static String module(String weight) {
        return weight.substring(0, weight.length() - WEIGHT.length());
    }

    /**
     * Opens an adapter for this checkpoint. Where nothing says which family it is of, the family
     * whose names leave the fewest keys unmatched is taken.
     *
     * @throws FormatException if the adapter is damaged or none of its keys fits, or the checkpoint
     *     is quantised or in a layout that is not read
     */
    LoraFile adapter(Path file) {
        Map<String, Shape> modules = modules();
        LoraFile best = null;
        FormatException refusal = null;
        for (KeyMap keyMap : families.stream().map(Family::keyMap).toList()) {
            try {
                LoraFile candidate = LoraFile.open(file, keyMap, modules);
                if (best == null || candidate.unmatched().size() < best.unmatched().size()) {
                    best = candidate;
                }
            } catch (FormatException e) {
                refusal = refusal == null ? e : refusal;
            }
        }
        if (best == null) {
            // Where the checkpoint is in another layout, no adapter file would do.
            FormatException foreign = weights.foreign();
            throw foreign == null ? refusal : foreign;
        }
        return best;
    }

    @Override
    public void close() {
        weights.close();
        if (encoders != null) {
            encoders.forEach(part -> part.weights().close());
        }
    }
}
