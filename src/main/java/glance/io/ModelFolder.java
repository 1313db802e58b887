package glance.io;

import glance.api.FormatException;
import glance.api.ModelParts;
import glance.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A model in the folder layout of diffusers: {@code model_index.json} and one folder per component.
 *
 * <pre>
 * model_index.json     {"_class_name": "QwenImagePipeline", ...}
 * scheduler/           scheduler_config.json
 * text_encoder/        config.json, model.safetensors (or shards with an index)
 * processor/           preprocessor_config.json, where the text encoder looks at pictures
 * tokenizer/           tokenizer.json, or vocab.json and merges.txt
 * transformer/, vae/   config.json, diffusion_pytorch_model.safetensors (or shards)
 * </pre>
 */
public final class ModelFolder {
    private static final String INDEX = "model_index.json";
    private static final String SCHEDULER = "scheduler";
    private static final String PROCESSOR = "processor";
    private static final String LAYOUT =
            "expected a model in diffusers layout: "
                    + INDEX
                    + " beside the folders transformer, vae, text_encoder, tokenizer, scheduler";

    private final Path named;
    private final Path folder;
    private final Config index;
    private final Function<Path, Weights> opener;
    private final boolean bare;
    private final Map<String, PartSource> sources;

    private ModelFolder(
            Path named,
            Path folder,
            Config index,
            Function<Path, Weights> opener,
            boolean bare,
            Map<String, PartSource> sources) {
        this.named = named;
        this.folder = folder;
        this.index = index;
        this.opener = opener;
        this.bare = bare;
        this.sources = sources;
    }

    /** Whether a path is such a folder. */
    public static boolean isModel(Path folder) {
        return Files.isDirectory(folder) && FileInput.names(folder).contains(INDEX);
    }

    /**
     * Opens a folder and reads its index.
     *
     * @throws FormatException if it is no folder, or has no or a damaged {@code model_index.json}
     */
    public static ModelFolder open(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw noFolder(folder);
        }
        if (!isModel(folder)) {
            throw new FormatException(folder, null, "holds no " + INDEX, LAYOUT);
        }
        Config index = Config.read(folder.resolve(INDEX));
        return new ModelFolder(folder, folder, index, Weights::open, false, Map.of());
    }

    private static FormatException noFolder(Path path) {
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            return FileInput.danglingLink(path);
        }
        String reason = Files.exists(path) ? "is a file, not a folder" : "no such folder";
        return new FormatException(path, null, reason, LAYOUT);
    }

    /**
     * This model with {@link Weights#random} in all components but those from files; it needs only
     * the configs.
     */
    public ModelFolder withRandomWeights(DType dtype) {
        return new ModelFolder(
                named, folder, index, path -> Weights.random(path, dtype), bare, sources);
    }

    /**
     * The same with other types for some tensors of the transformer, to count their memory: see
     * {@link Weights#random(Path, DType, Function)}.
     */
    public ModelFolder withRandomWeights(DType dtype, Function<TensorInfo, DType> types) {
        Path transformer = folder.resolve("transformer");
        return new ModelFolder(
                named,
                folder,
                index,
                path ->
                        Weights.random(
                                path, dtype, path.equals(transformer) ? types : TensorInfo::dtype),
                bare,
                sources);
    }

    /**
     * The configs and the scheduler alone: other components are those that {@link #with} names.
     *
     * @param name where the user says that the model is
     */
    public ModelFolder bare(Path name) {
        return new ModelFolder(name, folder, index, opener, true, sources);
    }

    /** The same under another name. */
    public ModelFolder named(Path name) {
        return new ModelFolder(name, folder, index, opener, bare, sources);
    }

    /** The same with other values for some keys of its index. */
    public ModelFolder with(Map<String, Object> keys) {
        return new ModelFolder(named, folder, index.with(keys), opener, bare, sources);
    }

    /** This model with something in place of a component. */
    public ModelFolder with(String component, PartSource source) {
        Map<String, PartSource> all = new LinkedHashMap<>(sources);
        all.put(component, source);
        return new ModelFolder(named, folder, index, opener, bare, all);
    }

    /** What is in place of components. */
    public ModelParts parts() {
        Map<String, Path> files = new LinkedHashMap<>();
        sources.forEach((name, source) -> files.put(name, source.path()));
        return new ModelParts(files);
    }

    /**
     * What the file in place of a component is called; empty if there is none. Files of models that
     * differ in training alone have the same names and shapes in them.
     */
    public String fileName(String component) {
        PartSource source = sources.get(component);
        return source == null ? "" : source.path().getFileName().toString();
    }

    /** Where the user says that the model is: its folder, or a file. */
    public Path named() {
        return named;
    }

    /** Whether only those components are there that {@link #with} named. */
    public boolean isBare() {
        return bare;
    }

    /** The folder of the configs. */
    public Path path() {
        return folder;
    }

    /** The index itself. */
    public Config index() {
        return index;
    }

    /** The pipeline that the index names, e.g. {@code QwenImagePipeline}. */
    public String pipelineClass() {
        return index.className();
    }

    /** Whether a component is there. */
    public boolean has(String component) {
        return sources.containsKey(component)
                || (!bare || component.equals(SCHEDULER))
                        && Files.isDirectory(folder.resolve(component));
    }

    /** Where the config of a component is. */
    private Path home(String component) {
        PartSource source = sources.get(component);
        return source != null && PartSource.isWhole(source.path())
                ? source.path()
                : folder.resolve(component);
    }

    /**
     * The folder of a component.
     *
     * @throws FormatException if it is not there
     */
    public Path component(String name) {
        if (!has(name)) {
            throw new FormatException(
                    folder, name, "component folder is missing", "fetch the model again");
        }
        return home(name);
    }

    /** The config of a component: {@code config.json}, of a scheduler its own file. */
    public Config config(String component) {
        Path file = component(component).resolve(configName(component));
        PartSource source = sources.get(component);
        if (source == null || source.config().isEmpty()) {
            return Config.read(file);
        }
        // what a published file leaves out is what published configs have for it
        return usual(component).with(source.config(), source.path());
    }

    /** What of its config the file in place of a component tells itself; empty without one. */
    public Config told(String component) {
        PartSource source = sources.get(component);
        if (source == null) {
            return Config.EMPTY;
        }
        return PartSource.isWhole(source.path())
                ? config(component)
                : Config.EMPTY.with(source.config(), source.path());
    }

    /** The config of a component in the folder itself; one without keys if it is not there. */
    public Config usual(String component) {
        Path file = folder.resolve(component).resolve(configName(component));
        return Files.exists(file) ? Config.read(file) : Config.parse(file, null, "{}");
    }

    private static String configName(String component) {
        return switch (component) {
            case SCHEDULER -> "scheduler_config.json";
            case PROCESSOR -> "preprocessor_config.json";
            default -> "config.json";
        };
    }

    /** The weights of a component. The caller closes them. */
    public Weights weights(String component) {
        PartSource source = sources.get(component);
        return source == null ? opener.apply(component(component)) : source.open();
    }

    /** The file or folder of a component's weights. */
    public Path weightsPath(String component) {
        PartSource source = sources.get(component);
        return source == null ? component(component) : source.path();
    }
}
