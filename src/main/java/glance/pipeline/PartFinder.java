package glance.pipeline;

import glance.io.Config;
import glance.model.part.ModelPart;
import java.nio.file.Path;
import java.util.List;

/** Where the parts of a model are that nobody named. */
interface PartFinder {
    /** Nowhere. */
    PartFinder NONE =
            new PartFinder() {
                @Override
                public List<Path> transformers() {
                    return List.of();
                }

                @Override
                public List<Path> parts(ModelPart part, List<ModelPart> all, Config base) {
                    return List.of();
                }

                @Override
                public Path tokenizers() {
                    return null;
                }
            };

    /** The files that hold a transformer. */
    List<Path> transformers();

    /**
     * The files that could be a part; one if it is clear.
     *
     * @param all parts of its model
     * @param base config.json of a part like it
     */
    List<Path> parts(ModelPart part, List<ModelPart> all, Config base);

    /** The folder with the tokenizers, or null. */
    Path tokenizers();
}
