package glance.model;

import glance.io.ModelFolder;
import glance.io.Weights;
import glance.tokenizer.Tokenizer;
import java.util.function.BiFunction;
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

    /**
     * Opens a prompt encoder of one tokenizer and one component of weights; what was opened for it
     * is closed again if that fails.
     *
     * @param load makes the encoder, which closes both with itself
     */
    public static PromptEncoder withTokenizer(
            ModelFolder folder,
            String component,
            BiFunction<Tokenizer, Weights, PromptEncoder> load) {
        Tokenizer tokenizer = Tokenizer.load(folder.component("tokenizer"));
        try {
            return open(folder, component, weights -> load.apply(tokenizer, weights));
        } catch (RuntimeException | Error e) {
            tokenizer.close();
            throw e;
        }
    }
}
