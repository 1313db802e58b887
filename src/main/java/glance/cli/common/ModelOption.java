package glance.cli.common;

import glance.io.BuiltInModel;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, and files in place of its parts. */
public final class ModelOption {
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

    /** As the user named it; null if it was not. */
    public String given() {
        return model;
    }

    /** As the user named it, else the built-in one. */
    public String name() {
        return model == null ? BuiltInModel.NAME : model;
    }

    /** The files. */
    public PartOptions parts() {
        return parts;
    }
}
