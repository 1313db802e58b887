package glance.tools;

import glance.api.Conversion;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.NameTable;
import glance.io.PublishedLayouts;
import glance.io.Weights;
import glance.model.Family;
import glance.model.part.ModelPart;
import glance.model.part.PartKind;
import glance.model.part.Recognised;
import glance.pipeline.Families;
import glance.pipeline.RandomTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of one part of a model, and what is known about it.
 *
 * @param part a word for it
 * @param weights its tensors, without prefixes
 * @param config its config.json; null if there is none
 * @param recognised what its names and shapes tell; null if nothing
 * @param family of a transformer that is known; else null
 * @param kind of another part that is known; else null
 * @param leftOut the other parts of a checkpoint that holds all, in words
 */
record ModelSource(
        String part,
        Weights weights,
        Path config,
        Recognised recognised,
        Family family,
        PartKind kind,
        List<String> leftOut)
        implements AutoCloseable {
    private static final String TRANSFORMER = "transformer";

    /**
     * Opens the headers.
     *
     * @throws RequestException if the model has no such part, or there is no such layout
     * @throws FormatException if there are no weights of a model, or they are damaged or in a form
     *     that is not read
     */
    static ModelSource open(Conversion request) {
        if (request.random() != null) {
            return random(request.random());
        }
        Path source = request.source();
        if (!Files.exists(source)) {
            throw new FormatException(
                    source,
                    null,
                    "no such file or folder",
                    "give a model folder, the folder of a part, or a safetensors or GGUF file");
        }
        if (!ModelFolder.isModel(source)) {
            Path home = Files.isDirectory(source) ? source : source.toAbsolutePath().getParent();
            Weights stored = Weights.open(source);
            String name = source.getFileName().toString();
            return request.part().equals(TRANSFORMER)
                    ? of(name, stored, home, source)
                    : ofCheckpoint(request.part(), stored, source);
        }
        ModelFolder model = ModelFolder.open(source);
        if (!model.index().has(request.part()) || !model.has(request.part())) {
            throw new RequestException(
                    "part " + request.part() + ": " + source + " has no such folder of weights");
        }
        return of(
                request.part(),
                model.weights(request.part()),
                model.component(request.part()),
                model.path());
    }

    private static ModelSource random(String layout) {
        ModelFolder model;
        try {
            model = PublishedLayouts.random(layout);
        } catch (IllegalArgumentException e) {
            throw new RequestException(e.getMessage(), e);
        }
        Weights weights = RandomTransformer.of(model);
        return of(layout + " with random weights", weights, model.component("transformer"), null);
    }

    private static ModelSource of(String part, Weights stored, Path home, Path given) {
        FormatException foreign = stored.foreign();
        if (foreign != null) {
            stored.close();
            throw foreign;
        }
        Path config = home.resolve("config.json");
        String className =
                Files.exists(config) ? Config.read(config).string("_class_name", "") : null;
        Optional<Families.Known> transformer = Families.recognise(stored);
        if (transformer.isPresent()) {
            Family family = transformer.get().family();
            Recognised own = transformer.get().own();
            Path its = family.transformerClass().equals(className) ? config : null;
            Weights weights = stored.transformer();
            List<String> others = others(stored, weights, own);
            return new ModelSource(part, weights, its, own, family, null, others);
        }
        for (ModelPart known : Families.parts()) {
            Optional<Recognised> own = known.kind().recognise(stored, Config.EMPTY);
            if (own.isPresent()) {
                Path its = className == null ? null : config;
                return new ModelSource(part, stored, its, own.get(), null, known.kind(), List.of());
            }
        }
        if (className == null) {
            stored.close();
            throw new FormatException(
                    given,
                    null,
                    "holds no model that is known",
                    "give the folder of a part, with its config.json");
        }
        return new ModelSource(part, stored, config, null, null, null, List.of());
    }

    /** A part beside the transformer of a checkpoint that holds all. */
    private static ModelSource ofCheckpoint(String part, Weights stored, Path given) {
        for (ModelPart known : Families.parts()) {
            Weights own = stored.under(known.prefixes());
            Optional<Recognised> it = known.kind().recognise(own, Config.EMPTY);
            if (known.name().equals(part) && it.isPresent()) {
                List<String> others = others(stored, own, it.get());
                return new ModelSource(part, own, null, it.get(), null, known.kind(), others);
            }
        }
        stored.close();
        throw new RequestException("part " + part + ": " + given + " holds no such part");
    }

    private static List<String> others(Weights stored, Weights own, Recognised it) {
        return own.tensors().size() == stored.tensors().size()
                ? List.of()
                : Families.holds(stored).stream().filter(what -> !what.equals(it.what())).toList();
    }

    /** What it is, in words. */
    String what() {
        return recognised == null ? part : recognised.what();
    }

    /** The names that single files have for it, if they are other ones than those of folders. */
    Optional<NameTable> originalNames(boolean gguf) {
        if (kind != null) {
            return gguf ? kind.namesInGguf() : kind.namesInFiles();
        }
        return family == null ? Optional.empty() : family.originalNames();
    }

    /** The word that GGUF files have for it. */
    String architecture() {
        if (kind != null) {
            return kind.architecture();
        }
        return family != null
                ? family.name().replace('-', '_')
                : Config.read(config).string("model_type", part);
    }

    /** What its weights are called in its folder. */
    String fileName() {
        boolean diffusers = config == null || Config.read(config).has("_class_name");
        return (diffusers ? "diffusion_pytorch_model" : "model") + ".safetensors";
    }

    /**
     * The config where there is no file of it.
     *
     * @throws FormatException of a part whose names and shapes do not tell enough
     */
    Map<String, Object> ownConfig() {
        if (family == null) {
            throw new FormatException(
                    weights.source(),
                    null,
                    "has no config.json, which a folder needs",
                    "give the folder of the part, or write a file");
        }
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("_class_name", family.transformerClass());
        own.putAll(recognised.config());
        return own;
    }

    @Override
    public void close() {
        weights.close();
    }
}
