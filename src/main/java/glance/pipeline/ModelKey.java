package glance.pipeline;

import glance.io.Fingerprint;
import glance.io.ModelFolder;
import glance.model.part.Variant;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Short names of models: equal where what they make is equal. Beside the files of its parts a model
 * is what its index says, and the published model that it is taken for, which may hang on the name
 * of a file.
 */
public final class ModelKey {
    private ModelKey() {}

    /** Of what encodes texts and pictures. */
    public static String encoders(ModelFolder model) {
        Path index = model.path().resolve("model_index.json");
        return Fingerprint.of(
                Fingerprint.encoders(model),
                Files.isRegularFile(index) ? Fingerprint.of(index) : "none", // a model of files
                Families.of(model).variant(model).map(Variant::title).orElse(""));
    }

    /** Of all of it. */
    public static String whole(ModelFolder model) {
        return Fingerprint.of(encoders(model), Fingerprint.transformer(model));
    }
}
