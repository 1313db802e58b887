package glance.pipeline;

import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.Weights;
import java.util.HashMap;
import java.util.Map;

/**
 * The model's own parameters in host memory, by the names that adapters have for them: those of the
 * transformer as they are, those of a text encoder after its folder's name and a dot.
 */
final class BaseParameters implements AutoCloseable {
    private static final String TRANSFORMER = "transformer";
    private static final String TEXT_ENCODER = "text_encoder";

    private final ModelFolder folder;
    private final Map<String, Weights> open = new HashMap<>();

    BaseParameters(ModelFolder folder) {
        this.folder = folder;
    }

    /** The parameter of a name, or null if the model has none. */
    HostTensor get(String name) {
        int dot = name.indexOf('.');
        String first = name.substring(0, dot);
        boolean encoder = first.startsWith(TEXT_ENCODER) && folder.has(first);
        Weights weights = open.computeIfAbsent(encoder ? first : TRANSFORMER, folder::weights);
        String own = encoder ? name.substring(dot + 1) : name;
        return weights.tensors().containsKey(own) ? weights.tensor(own) : null;
    }

    @Override
    public void close() {
        open.values().forEach(Weights::close);
        open.clear();
    }
}
