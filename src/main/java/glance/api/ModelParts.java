package glance.api;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Files in place of parts of a model folder, which gives what they leave out: configs and
 * tokenizers above all. A part is a safetensors or GGUF file, or a folder with its own config.json.
 *
 * @param files by the folder of the part in the model, such as {@code text_encoder_2}
 */
public record ModelParts(Map<String, Path> files) {
    /** The model as it is. */
    public static final ModelParts NONE = new ModelParts(Map.of());

    public ModelParts {
        files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    }

    /** The same with another part. */
    public ModelParts with(String part, Path file) {
        Map<String, Path> all = new LinkedHashMap<>(files);
        all.put(part, file);
        return new ModelParts(all);
    }

    /** The same with another transformer. */
    public ModelParts transformer(Path file) {
        return with("transformer", file);
    }

    /** The same with another autoencoder. */
    public ModelParts vae(Path file) {
        return with("vae", file);
    }

    /**
     * The same with another text encoder.
     *
     * @param number counting from 1
     */
    public ModelParts textEncoder(int number, Path file) {
        return with(number == 1 ? "text_encoder" : "text_encoder_" + number, file);
    }
}
