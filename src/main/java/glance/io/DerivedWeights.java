package glance.io;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The tensors of other weights, seen in another way. What they are read from stays the same. */
abstract class DerivedWeights extends Weights {
    /** The weights below. */
    final Weights stored;

    DerivedWeights(Weights stored) {
        this.stored = stored;
    }

    @Override
    public List<TensorFile> files() {
        return stored.files();
    }

    @Override
    public Map<String, String> metadata() {
        return stored.metadata();
    }

    @Override
    public Path source() {
        return stored.source();
    }

    @Override
    public void close() {
        stored.close();
    }
}
