package glance.api;

import java.nio.file.Path;

/**
 * Writes a part of a model in another form: {@code Conversion.of(folder).names("original")}. Its
 * {@link glance.api.adapter.Output} says where it goes and in which type.
 *
 * @param source a model folder, the folder of a part, or a safetensors or GGUF file; null for
 *     random weights
 * @param random a published layout, such as {@code flux.1-dev}, whose transformer is made of random
 *     weights; null for a source
 * @param part of a model folder, such as {@code transformer}
 * @param names {@code original} or {@code diffusers}; null for diffusers in folders, and in files
 *     original where the model has such names
 */
public record Conversion(Path source, String random, String part, String names) {
    private static final String TRANSFORMER = "transformer";

    /**
     * @throws RequestException if there is not one source, or the names are none that are known
     */
    public Conversion {
        if ((source == null) == (random == null)) {
            throw new RequestException("give either a source or a layout with random weights");
        }
        if (names != null && !names.equals("original") && !names.equals("diffusers")) {
            throw new RequestException("names " + names + ": expected original or diffusers");
        }
    }

    /** Of the transformer of a model, or of what else there is at this path. */
    public static Conversion of(Path source) {
        return new Conversion(source, null, TRANSFORMER, null);
    }

    /** Of the transformer of a published layout with random weights, for measurements. */
    public static Conversion random(String layout) {
        return new Conversion(null, layout, TRANSFORMER, null);
    }

    /** The same of another part of a model folder. */
    public Conversion part(String other) {
        return new Conversion(source, random, other, names);
    }

    /**
     * The same in these names.
     *
     * @throws RequestException if they are none that are known
     */
    public Conversion names(String other) {
        return new Conversion(source, random, part, other);
    }
}
