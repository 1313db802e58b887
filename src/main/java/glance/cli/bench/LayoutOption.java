package glance.cli.bench;

import glance.cli.common.Names;
import glance.cli.common.PartOptions;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.io.PublishedLayouts;
import glance.tensor.DType;
import java.util.Iterator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model is measured. */
final class LayoutOption {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "A folder in diffusers layout, or ORG/NAME[@REVISION] of the Hugging Face hub."
                            + " Default: the built-in "
                            + BuiltInModel.NAME
                            + ".")
    private String model;

    @Mixin private PartOptions parts;

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

    /** The models whose configs are in this build. */
    private static final class Published implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return PublishedLayouts.names().iterator();
        }
    }

    /** The model's name. */
    String name() {
        return family != null
                ? family + ", random weights"
                : (model == null ? BuiltInModel.NAME : model) + (random ? ", random weights" : "");
    }

    /**
     * The model.
     *
     * @throws WrongUseException if the options contradict each other
     */
    ModelFolder folder(Session session) {
        if (family != null && model != null) {
            throw new WrongUseException("--model and --family: give one of them");
        }
        if (family != null) {
            try {
                return parts.in(PublishedLayouts.random(family));
            } catch (IllegalArgumentException e) {
                throw new WrongUseException("--family: " + e.getMessage());
            }
        }
        ModelFolder folder =
                parts.in(Names.open(session, model == null ? BuiltInModel.NAME : model));
        return random ? folder.withRandomWeights(DType.BF16) : folder;
    }
}
