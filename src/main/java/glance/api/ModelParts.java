package glance.api;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Files in place of parts of a model, or all of its parts. What they leave out is that of the model
 * folder. Without one, configs and schedule are those of the published model that the transformer
 * is; encoders, autoencoder and tokenizers must then be given:
 *
 * <pre>{@code
 * ModelParts parts = ModelParts.NONE
 *         .vae(Path.of("ae.safetensors"))
 *         .textEncoder(1, Path.of("clip_l.safetensors"))
 *         .textEncoder(2, Path.of("t5xxl_fp8_e4m3fn.safetensors"))
 *         .tokenizer(Path.of("FLUX.1-dev"));
 * try (Glance glance = Glance.open();
 *         Model model = glance.load(Path.of("flux1-dev-Q4_K_S.gguf"), parts)) {
 *     model.draw("three blue stars").save(Path.of("stars.png"));
 * }
 * }</pre>
 *
 * A part is a safetensors or GGUF file, or a folder with its own config.json.
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
     * The same with other tokenizers.
     *
     * @param folder with the files of the first tokenizer, or with the folders tokenizer,
     *     tokenizer_2, ..., such as a model folder
     */
    public ModelParts tokenizer(Path folder) {
        return with("tokenizer", folder);
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
