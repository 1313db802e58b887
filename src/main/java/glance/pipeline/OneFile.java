package glance.pipeline;

import glance.io.Config;
import glance.io.Weights;
import glance.model.part.ModelPart;
import java.nio.file.Path;
import java.util.List;

/** A transformer in one file or folder of weights, or a checkpoint of all parts. */
record OneFile(Path path) implements PartFinder {
    @Override
    public List<Path> transformers() {
        return List.of(path);
    }

    @Override
    public List<Path> parts(ModelPart part, List<ModelPart> all, Config base) {
        try (Weights weights = Weights.open(path)) {
            return weights.has(part.prefixes()) ? List.of(path) : List.of();
        }
    }

    @Override
    public Path tokenizers() {
        return null;
    }
}
