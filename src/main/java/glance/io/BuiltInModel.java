package glance.io;

import java.io.UncheckedIOException;
import java.nio.file.Path;

/** The small model that ships in the jar. */
public final class BuiltInModel {
    /** The name of the model. */
    public static final String NAME = "glance-tiny";

    private static final ResourceFolder FOLDER =
            new ResourceFolder("glance/weights/" + NAME + "/", NAME, "model_index.json");

    private BuiltInModel() {}

    /**
     * The model folder, unpacked if need be.
     *
     * @throws IllegalStateException if this build carries no model
     * @throws UncheckedIOException if no folder can be written
     */
    public static Path path() {
        return path(BuiltInModel.class.getClassLoader(), CacheFolder.preferred());
    }

    static Path path(ClassLoader loader, Path cache) {
        Path folder = FOLDER.path(loader, cache);
        if (folder == null) {
            throw new IllegalStateException(
                    "the built-in model " + NAME + " is not in this build; give a model folder");
        }
        return folder;
    }
}
