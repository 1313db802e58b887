package glance.pipeline;

import glance.api.FormatException;
import glance.api.ModelParts;
import glance.api.RequestException;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.PartSource;
import glance.io.PublishedLayouts;
import glance.io.Weights;
import glance.model.Family;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Models from the files that people have: a folder in diffusers layout, one file with a transformer
 * or with all parts, a folder of ComfyUI; each with files in place of parts.
 */
public final class ModelFiles {
    private static final String TRANSFORMER = "transformer";
    private static final String TOKENIZER = "tokenizer";
    private static final int MAX_LISTED = 8;

    private final Family family;
    private final ModelParts given;
    private final PartFinder finder;
    private final Map<Path, List<String>> held = new LinkedHashMap<>();
    private final List<String> missing = new ArrayList<>();
    private final List<ModelPart> without = new ArrayList<>();
    private ModelFolder model;

    private ModelFiles(ModelFolder base, ModelParts given, PartFinder finder) {
        this.model = base;
        this.family = Families.of(base);
        this.given = given;
        this.finder = finder;
    }

    /**
     * A model.
     *
     * @param path a folder in diffusers layout; a file or folder of weights, with a transformer or
     *     with all parts; or a folder of ComfyUI
     * @param given files in place of parts, or beside those that {@code path} has
     * @param note takes a line about what was recognised
     * @throws FormatException if there is no such model, a file cannot be read, or it is not what
     *     it is given for
     * @throws RequestException if parts are missing, or several files could be one
     */
    public static ModelFolder open(Path path, ModelParts given, Consumer<String> note) {
        Path named = given.files().get(TRANSFORMER);
        Optional<PartFinder> finder =
                path.equals(named) ? Optional.of(new OneFile(path)) : finder(path);
        if (finder.isEmpty()) {
            return with(ModelFolder.open(path), given, note);
        }
        Path transformer = named != null ? named : only(path, finder.get().transformers());
        return new ModelFiles(base(path, transformer), given, finder.get())
                .build(transformer, note);
    }

    /** The same of a folder that is open: see {@link #open}. */
    public static ModelFolder with(ModelFolder base, ModelParts given, Consumer<String> note) {
        return given.files().isEmpty()
                ? base
                : new ModelFiles(base, given, PartFinder.NONE)
                        .build(given.files().get(TRANSFORMER), note);
    }

    /** How parts are found beside what was given; empty for a folder in diffusers layout. */
    private static Optional<PartFinder> finder(Path path) {
        if (!Files.isDirectory(path)) {
            return Files.exists(path) ? Optional.of(new OneFile(path)) : Optional.empty();
        }
        if (ModelFolder.isModel(path)) {
            return Optional.empty();
        }
        Optional<PartFinder> comfy = ComfyFolder.of(path).map(PartFinder.class::cast);
        return comfy.isPresent() || !Weights.belongIn(path)
                ? comfy
                : Optional.of(new OneFile(path));
    }

    /** The files of weights in a folder of ComfyUI; none if it is no such folder. */
    public static List<Path> inComfyFolder(Path folder) {
        return ComfyFolder.of(folder).map(ComfyFolder::files).orElse(List.of());
    }

    private static Path only(Path folder, List<Path> transformers) {
        if (transformers.isEmpty()) {
            throw new FormatException(
                    folder,
                    null,
                    "holds no transformer that is known",
                    "give one with --transformer");
        }
        if (transformers.size() > 1) {
            throw new RequestException(
                    folder
                            + ": holds several transformers; choose one with --transformer: "
                            + listed(transformers));
        }
        return transformers.get(0);
    }

    private static ModelFolder base(Path name, Path transformer) {
        try (Weights weights = Weights.open(transformer)) {
            Families.Known known =
                    Families.recognise(weights)
                            .orElseThrow(() -> noTransformer(transformer, weights));
            return PublishedLayouts.closest(
                    known.family().pipelineClass(), known.own().config(), name);
        }
    }

    private static FormatException noTransformer(Path file, Weights weights) {
        FormatException foreign = weights.foreign();
        List<String> parts = Families.holds(weights);
        return foreign != null
                ? foreign
                : new FormatException(
                        file,
                        null,
                        "holds no transformer" + (parts.isEmpty() ? "" : ", but " + parts.get(0)),
                        "give a transformer that is known, or the folder of a model");
    }

    private ModelFolder build(Path transformer, Consumer<String> note) {
        for (String name : given.files().keySet()) {
            if (!model.index().has(name)) {
                throw new FormatException(
                        model.path(),
                        name,
                        "is no part of this model, asked to be " + given.files().get(name),
                        "its parts are in model_index.json");
            }
        }
        if (transformer != null) {
            addTransformer(transformer);
        }
        List<ModelPart> parts = family.parts(model.config(TRANSFORMER));
        parts.forEach(part -> add(part, parts));
        addTokenizers();
        Path scheduler = given.files().get("scheduler");
        if (scheduler != null) {
            model = model.with("scheduler", PartSource.folder(scheduler));
        }
        if (!missing.isEmpty()) {
            throw new RequestException(
                    note()
                            + "; also needed: "
                            + String.join(", ", missing)
                            + "; or give a folder of this model with --model");
        }
        if (!held.isEmpty()) {
            note.accept(note());
        }
        return model;
    }

    private String note() {
        return held.entrySet().stream()
                        .map(
                                file ->
                                        file.getKey()
                                                + " holds "
                                                + String.join(" and ", file.getValue()))
                        .collect(Collectors.joining("; "))
                + without.stream()
                        .map(part -> "; there is no " + part.kind().what())
                        .collect(Collectors.joining());
    }

    private void addTransformer(Path path) {
        try (Weights weights = Weights.open(path)) {
            Optional<Recognised> own = family.recognise(weights, model.usual(TRANSFORMER));
            if (own.isEmpty()) {
                throw misfit(path, weights);
            }
            put(TRANSFORMER, path, Weights.TRANSFORMER_PREFIXES, own);
        }
    }

    private FormatException misfit(Path file, Weights weights) {
        Optional<Families.Known> other = Families.recognise(weights);
        return other.isEmpty()
                ? noTransformer(file, weights)
                : new FormatException(
                        file,
                        null,
                        "holds "
                                + other.get().own().what()
                                + ", and the model is of the family "
                                + family.name(),
                        "give the folder of a model of its kind with --model");
    }

    private void add(ModelPart part, List<ModelPart> all) {
        Config usual = model.usual(part.name());
        Path named = given.files().get(part.name());
        List<Path> found = named != null ? List.of(named) : finder.parts(part, all, usual);
        if (found.size() != 1) {
            require(part, found);
            return;
        }
        Path path = found.get(0);
        try (Weights stored = Weights.open(path)) {
            Optional<Recognised> own = part.kind().recognise(stored.under(part.prefixes()), usual);
            List<String> other = own.isPresent() ? List.of() : Families.holds(stored);
            if (!other.isEmpty()) {
                throw new FormatException(
                        path,
                        null,
                        "holds " + String.join(" and ", other),
                        option(part.name()) + " needs a " + part.kind().what());
            }
            put(part.name(), path, part.prefixes(), own);
        }
    }

    /** What is not recognised keeps the folder's config; loading it says what does not fit. */
    private void put(String name, Path path, List<String> prefixes, Optional<Recognised> own) {
        own.ifPresent(
                known -> held.computeIfAbsent(path, p -> new ArrayList<>()).add(known.what()));
        if (PartSource.isWhole(path) || own.isEmpty()) {
            model = model.with(name, new PartSource(path, prefixes, Map.of()));
            return;
        }
        if (own.get().unclear() != null) {
            throw new FormatException(
                    path,
                    null,
                    "holds " + own.get().what() + ": " + own.get().unclear(),
                    "give the folder with its config.json to " + option(name));
        }
        model = model.with(name, new PartSource(path, prefixes, own.get().config()));
    }

    private void require(ModelPart part, List<Path> found) {
        if (!model.isBare() && found.isEmpty()) {
            return;
        }
        if (part.optional() && found.isEmpty()) {
            without.add(part);
            return;
        }
        missing.add(
                option(part.name())
                        + " FILE ("
                        + part.kind().what()
                        + (found.isEmpty() ? "" : ": one of " + listed(found))
                        + ")");
    }

    private void addTokenizers() {
        TokenizerFolders tokenizers = new TokenizerFolders(given, finder.tokenizers());
        List<String> needed = new ArrayList<>();
        for (String name : model.index().keys()) {
            if (!name.startsWith(TOKENIZER)) {
                continue;
            }
            Optional<Path> home = tokenizers.find(name);
            if (home.isPresent()) {
                model = model.with(name, PartSource.folder(home.get()));
            } else if (model.isBare()
                    && !isWithout("text_encoder" + name.substring(TOKENIZER.length()))) {
                needed.add(name);
            }
        }
        if (!needed.isEmpty()) {
            missing.add("--tokenizer FOLDER (with " + String.join(", ", needed) + " in it)");
        }
    }

    private boolean isWithout(String name) {
        return without.stream().anyMatch(part -> part.name().equals(name));
    }

    private static String option(String part) {
        return "--" + part.replace('_', '-');
    }

    private static String listed(List<Path> files) {
        return PrintableText.some(
                files.stream().map(Path::toString).collect(Collectors.toList()), MAX_LISTED);
    }
}
