package glance.io;

import glance.api.FormatException;
import glance.api.ModelParts;
import glance.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A model in the folder layout of diffusers: {@code model_index.json} and one folder per component.
 *
 * <pre>
 * model_index.json     {"_class_name": "QwenImagePipeline", ...}
 * scheduler/           scheduler_config.json
 * text_encoder/        config.json, model.safetensors (or shards with an index)
 * tokenizer/           tokenizer.json, or vocab.json and merges.txt
 * transformer/, vae/   config.json, diffusion_pytorch_model.safetensors (or shards)
 * </pre>
 */
public final class ModelFolder {
    private static final String INDEX = "model_index.json";
    private static final String SCHEDULER = "scheduler";
    private static final String LAYOUT =
            "expected a model in diffusers layout: "
                    + INDEX
                    + " beside the folders transformer, vae, text_encoder, tokenizer, scheduler";

    private static final String PART = "a transformer in one file goes to --transformer";

    private final Path folder;
    private final Config index;
    private final Function<Path, Weights> opener;
    private final ModelParts parts;
    private final Map<String, Map<String, Object>> configs; // what files say of their own

    private ModelFolder(
            Path folder,
            Config index,
            Function<Path, Weights> opener,
            ModelParts parts,
            Map<String, Map<String, Object>> configs) {
        this.folder = folder;
        this.index = index;
        this.opener = opener;
        this.parts = parts;
        this.configs = configs;
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
        if (!FileInput.names(folder).contains(INDEX)) {
            throw new FormatException(folder, null, "holds no " + INDEX, LAYOUT);
        }
        return new ModelFolder(
                folder,
                Config.read(folder.resolve(INDEX)),
                Weights::open,
                ModelParts.NONE,
                Map.of());
    }

    private static FormatException noFolder(Path path) {
        if (Files.exists(path)) {
            return single(path);
        }
        if (Files.isSymbolicLink(path)) {
            return FileInput.danglingLink(path);
        }
        return new FormatException(path, null, "no such folder", LAYOUT);
    }

    /** A file where a folder should be; what it holds may tell the user more. */
    private static FormatException single(Path file) {
        FormatException foreign = null;
        if (WeightFolder.isNameOfWeights(file.getFileName().toString())) {
            try (Weights weights = Weights.open(file)) {
                foreign = weights.foreign();
            } catch (FormatException e) {
                foreign = e;
            }
        }
        return foreign != null
                ? foreign
                : new FormatException(file, null, "is a file, not a folder", LAYOUT + "; " + PART);
    }

    /**
     * This model with {@link Weights#random} in all components but those from files; it needs only
     * the configs.
     */
    public ModelFolder withRandomWeights(DType dtype) {
        return new ModelFolder(folder, index, path -> Weights.random(path, dtype), parts, configs);
    }

    /**
     * This model with files in place of parts. Their headers are read at once.
     *
     * @throws FormatException if the model has no such part, or a file cannot be read
     */
    public ModelFolder with(ModelParts given) {
        given.files()
                .forEach(
                        (name, file) -> {
                            if (!index.has(name)) {
                                throw new FormatException(
                                        folder,
                                        name,
                                        "is no part of this model, asked to be " + file,
                                        "its parts are in " + INDEX);
                            }
                            Weights.open(file).close();
                        });
        return new ModelFolder(folder, index, opener, given, Map.of());
    }

    /** This model with other values for some keys of a component's config. */
    public ModelFolder withConfig(String component, Map<String, Object> values) {
        Map<String, Map<String, Object>> all = new HashMap<>(configs);
        all.put(component, values);
        return new ModelFolder(folder, index, opener, parts, all);
    }

    /** Files in place of parts. */
    public ModelParts parts() {
        return parts;
    }

    /** The folder. */
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

    /** Whether the folder of a component is there. */
    public boolean has(String component) {
        return Files.isDirectory(home(component));
    }

    /** Where the config of a component is. */
    private Path home(String component) {
        Path part = parts.files().get(component);
        return part != null && Files.isDirectory(part) ? part : folder.resolve(component);
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
        String name = component.equals(SCHEDULER) ? "scheduler_config.json" : "config.json";
        Map<String, Object> known = configs.getOrDefault(component, Map.of());
        Path file = home(component).resolve(name);
        // what a published file leaves out is what published configs have for it
        return known.isEmpty() || Files.exists(file)
                ? Config.read(component(component).resolve(name)).with(known)
                : Config.parse(file, null, "{}").with(known);
    }

    /** The weights of a component. The caller closes them. */
    public Weights weights(String component) {
        Path part = parts.files().get(component);
        return part == null ? opener.apply(component(component)) : Weights.open(part);
    }

    /** The file or folder of a component's weights. */
    public Path weightsPath(String component) {
        Path part = parts.files().get(component);
        return part == null ? component(component) : part;
    }
}
