package glance.cli.bench;

import glance.cli.common.ModelOption;
import glance.cli.common.Published;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.io.PublishedLayouts;
import glance.tensor.DType;
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
        if (family != null) {
            try {
                return model.parts().in(PublishedLayouts.random(family));
            } catch (IllegalArgumentException e) {
                throw new WrongUseException("--family: " + e.getMessage());
            }
        }
        ModelFolder folder = model.open(session);
        return random ? folder.withRandomWeights(DType.BF16) : folder;
    }
}
