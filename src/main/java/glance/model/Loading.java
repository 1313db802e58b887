package glance.model;

import glance.io.ModelFolder;
import glance.io.Weights;
import java.util.function.Function;

/** Opens parts of a model that own their weights. */
public final class Loading {
    private Loading() {}

    /**
     * Opens a component's weights and loads a part from them; if that fails they are closed again.
     *
     * @param load makes the part, which closes the weights with itself
     */
    public static <T> T open(ModelFolder folder, String component, Function<Weights, T> load) {
        Weights weights = folder.weights(component);
        try {
            return load.apply(weights);
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }
}
