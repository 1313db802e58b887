package glance.cli;

import glance.io.BuiltInModel;
import glance.lora.LoraSpec;
import java.nio.file.Path;

/**
 * Names of adapters as they are typed and recorded. Those of the built-in model lie in a cache,
 * whose place differs between machines; they are called {@code glance-tiny/experts/slow...}.
 */
final class AdapterNames {
    private static final String BUILT_IN = BuiltInModel.NAME + "/";

    private AdapterNames() {}

    /** As {@link LoraSpec#parse}. */
    static LoraSpec parse(String text) {
        if (text.startsWith(BUILT_IN)) {
            try {
                return LoraSpec.parse(
                        BuiltInModel.path().resolve(text.substring(BUILT_IN.length())).toString());
            } catch (IllegalArgumentException e) {
                // The user may have a folder of that name.
                return LoraSpec.parse(text);
            }
        }
        return LoraSpec.parse(text);
    }

    /** The text that {@link #parse} reads. */
    static String text(LoraSpec adapter) {
        if (!adapter.file().toString().contains(BuiltInModel.NAME)) {
            return adapter.toString();
        }
        Path model = BuiltInModel.path();
        if (!adapter.file().startsWith(model)) {
            return adapter.toString();
        }
        String inside = model.relativize(adapter.file()).toString().replace('\\', '/');
        String options = adapter.toString().substring(adapter.file().toString().length());
        return BUILT_IN + inside + options;
    }
}
