package glance.cli.bench;

import glance.cli.common.ModelOption;
import glance.cli.common.Published;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.io.PublishedLayouts;
import glance.tensor.DType;
import glance.tools.StoredTypes;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model is measured. */
final class LayoutOption {
    @Mixin private ModelOption model;

    @Option(
            names = "--family",
            paramLabel = "NAME",
            completionCandidates = Published.class,
            description =
                    "A published model at full size, from its configs alone, with random weights:"
                            + " ${COMPLETION-CANDIDATES}.")
    private String family;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description =
                    "With --family: what the transformer's matrices are quantised to, as convert"
                            + " does, such as q4_k, q8_0 or f8_e4m3; their values are zeros.")
    private String type;

    @Option(names = "--random", description = "Random weights; --model then needs only configs.")
    private boolean random;

    /** The model's name. */
    String name() {
        return family != null
                ? family + ", random weights"
                : model.name() + (random ? ", random weights" : "");
    }

    /**
     * The model.
     *
     * @throws WrongUseException if the options contradict each other
     */
    ModelFolder folder(Session session) {
        if (family != null && model.given() != null) {
            throw new WrongUseException("--model and --family: give one of them");
        }
        if (type != null && family == null) {
            throw new WrongUseException("--type: goes with --family");
        }
        if (family != null) {
            try {
                ModelFolder folder = PublishedLayouts.random(family);
                return model.parts()
                        .in(
                                type == null
                                        ? folder
                                        : folder.withRandomWeights(
                                                DType.BF16, StoredTypes.of(type)::of));
            } catch (IllegalArgumentException e) {
                throw new WrongUseException("--family: " + e.getMessage());
            }
        }
        ModelFolder folder = model.open(session);
        return random ? folder.withRandomWeights(DType.BF16) : folder;
    }
}
