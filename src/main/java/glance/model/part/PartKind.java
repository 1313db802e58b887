package glance.model.part;

import glance.io.Config;
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
}
