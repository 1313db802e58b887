package glance.pipeline;

import glance.api.FormatException;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.Family;
import glance.model.dit.DitFamily;
import glance.model.flux.FluxFamily;
import glance.model.flux2.Flux2Family;
import glance.model.krea2.Krea2Family;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.qwenimage.QwenImageFamily;
import glance.model.sd3.Sd3Family;
import glance.model.zimage.ZImageFamily;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The families that this engine runs. A new one adds its line here, and nothing else changes. */
public final class Families {
    private static final List<Family> ALL =
            List.of(
                    new QwenImageFamily(),
                    new FluxFamily(),
                    new Flux2Family(),
                    new Sd3Family(),
                    new DitFamily(),
                    new Krea2Family(),
                    new ZImageFamily());

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
            if (family.pipelineClasses().contains(wanted)) {
                return family;
            }
        }
        String known =
                ALL.stream()
                        .flatMap(family -> family.pipelineClasses().stream())
                        .collect(Collectors.joining(", "));
        throw new FormatException(
                folder.path().resolve("model_index.json"),
                "_class_name",
                "pipeline " + wanted + " is not supported",
                "supported: " + known);
    }

    /**
     * A transformer whose names and shapes say what it is.
     *
     * @param own what it is
     */
    public record Known(Family family, Recognised own) {}

    /** What a file with a transformer is. */
    public static Optional<Known> recognise(Weights weights) {
        return ALL.stream()
                .flatMap(
                        family ->
                                family.recognise(weights, Config.EMPTY).stream()
                                        .map(own -> new Known(family, own)))
                .findFirst();
    }

    /** What the published models have beside their transformers, family by family. */
    public static List<ModelPart> parts() {
        return ALL.stream().flatMap(family -> family.parts(Config.EMPTY).stream()).toList();
    }

    /** What a file holds in words, part by part; none if it is nothing that is known. */
    public static List<String> holds(Weights stored) {
        Set<String> held = new LinkedHashSet<>();
        recognise(stored).ifPresent(known -> held.add(known.own().what()));
        for (ModelPart part : parts()) {
            part.kind()
                    .recognise(stored.under(part.prefixes()), Config.EMPTY)
                    .ifPresent(own -> held.add(own.what()));
        }
        return List.copyOf(held);
    }

    /**
     * What a run of a model uses where the user does not choose: what its folder says in {@code
     * glance.json}, else what its family wants.
     *
     * @throws FormatException if this engine has no such family, or the file makes no sense
     */
    public static Family.Defaults defaults(ModelFolder folder) {
        return FolderNote.of(folder).over(of(folder).defaults(folder), folder);
    }
}
