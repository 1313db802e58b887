package glance.pipeline;

import glance.api.FormatException;
import glance.api.ModelParts;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.Family;
import glance.model.dit.DitFamily;
import glance.model.flux.FluxFamily;
import glance.model.part.Recognised;
import glance.model.qwenimage.QwenImageFamily;
import glance.model.sd3.Sd3Family;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The families that this engine runs. A new one adds its line here, and nothing else changes. */
public final class Families {
    private static final List<Family> ALL =
            List.of(new QwenImageFamily(), new FluxFamily(), new Sd3Family(), new DitFamily());

    private static final String TRANSFORMER = "transformer";

    private Families() {}

    /** All families. */
    public static List<Family> all() {
        return ALL;
    }

    /** The family of a transformer, by the class in its config.json, if there is one. */
    public static Optional<Family> ofTransformer(String className) {
        return ALL.stream().filter(f -> f.transformerClass().equals(className)).findFirst();
    }

    /**
     * The family of a model folder, by the pipeline class in its model_index.json.
     *
     * @throws FormatException if this engine has no such family
     */
    public static Family of(ModelFolder folder) {
        String wanted = folder.pipelineClass();
        for (Family family : ALL) {
            if (family.pipelineClass().equals(wanted)) {
                return family;
            }
        }
        String known = ALL.stream().map(Family::pipelineClass).collect(Collectors.joining(", "));
        throw new FormatException(
                folder.path().resolve("model_index.json"),
                "_class_name",
                "pipeline " + wanted + " is not supported",
                "supported: " + known);
    }

    /** What a file with a transformer is, by the family that it is of. */
    public static Optional<Recognised> recognise(Weights weights) {
        return ALL.stream()
                .flatMap(family -> family.recognise(weights, Config.EMPTY).stream())
                .findFirst();
    }

    /**
     * A model with files in place of parts. A transformer's config is that of the folder, with what
     * the file's own names and shapes say.
     *
     * @param note takes a line about what was recognised
     * @throws FormatException if the model has no such part, a file cannot be read, or it holds a
     *     transformer of another family
     */
    public static ModelFolder with(ModelFolder folder, ModelParts parts, Consumer<String> note) {
        ModelFolder model = folder.with(parts);
        Path file = parts.files().get(TRANSFORMER);
        if (file == null || Files.isDirectory(file)) {
            return model;
        }
        try (Weights weights = Weights.open(file)) {
            Optional<Recognised> own = of(model).recognise(weights, model.config(TRANSFORMER));
            if (own.isPresent()) {
                note.accept(file + " holds " + own.get().what());
                return model.withConfig(TRANSFORMER, own.get().config());
            }
            FormatException foreign = weights.foreign();
            if (foreign != null) {
                throw foreign;
            }
            throw new FormatException(
                    file,
                    null,
                    "holds "
                            + recognise(weights).map(Recognised::what).orElse("no transformer")
                            + ", and the model is of the family "
                            + of(model).name(),
                    "give the folder of a model of its kind with --model");
        }
    }

    /**
     * What a run of a model uses where the user does not choose: what its folder says in {@code
     * glance.json}, else what its family wants.
     *
     * @throws FormatException if this engine has no such family, or the file makes no sense
     */
    public static Family.Defaults defaults(ModelFolder folder) {
        return FolderNote.of(folder).over(of(folder).defaults(folder));
    }
}
