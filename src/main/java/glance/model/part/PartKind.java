package glance.model.part;

import glance.io.Config;
import glance.io.NameTable;
import glance.io.Weights;
import java.util.Optional;

/** A kind of text encoder or autoencoder, which several models may share. */
public interface PartKind {
    /** In words, such as {@code T5 text encoder}. */
    String what();

    /**
     * What a file with such a part is, if it is one.
     *
     * @param stored in any names that the part reads
     * @param base config.json of a part like it, for what shapes do not tell; may be empty
     */
    Optional<Recognised> recognise(Weights stored, Config base);

    /** The names that single files have for it, if they are other ones than its own. */
    default Optional<NameTable> namesInFiles() {
        return Optional.empty();
    }

    /** The names that files in GGUF have for it, if they are other ones than its own. */
    default Optional<NameTable> namesInGguf() {
        return namesInFiles();
    }

    /** The word that GGUF has for it. */
    String architecture();
}
