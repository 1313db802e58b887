package glance.cli.common;

import glance.api.ModelParts;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, and files in place of its parts. */
public final class ModelOption {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "A folder in diffusers layout, ORG/NAME[@REVISION] of the Hugging Face hub, one"
                            + " file with all parts, or a folder of ComfyUI. Default: the built-in "
                            + BuiltInModel.NAME
                            + ".")
    private String model;

    @Mixin private PartOptions parts;

    /** As the user named it; null if it was not. */
    public String given() {
        return model;
    }

    /** As the user named it; else the transformer; else the built-in one. */
    public String name() {
        if (model == null && parts.transformer() != null) {
            return parts.transformer().toString();
        }
        return model == null ? BuiltInModel.NAME : model;
    }

    /** The model with the files. */
    public ModelFolder open(Session session) {
        return open(session, name(), ModelParts.NONE);
    }

    /** A model with the files; without --model, others are those from {@code before}. */
    public ModelFolder open(Session session, String name, ModelParts before) {
        return parts.open(path(session, name), model == null ? before : ModelParts.NONE);
    }

    /** Where a model is; a transformer is a file of this machine. */
    Path path(Session session, String name) {
        Path own = parts.transformer();
        return own != null && own.toString().equals(name) ? own : Names.model(session, name);
    }

    /** The files. */
    public PartOptions parts() {
        return parts;
    }
}
