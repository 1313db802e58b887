package glance.cli;

import glance.io.BuiltInModel;
import glance.io.PrintableText;
import glance.lora.LoraSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * Names of adapters as they are typed and recorded. Those of the built-in model lie in a cache,
 * whose place differs between machines; they are called {@code glance-tiny/experts/slow...}.
 */
final class AdapterNames {
    private static final String BUILT_IN = BuiltInModel.NAME + "/";

    private AdapterNames() {}

    /**
     * As {@link LoraSpec#parse}.
     *
     * @throws IllegalArgumentException also if {@code ..} leads out of the built-in model
     */
    static LoraSpec parse(String text) {
        return parse(text, LoraSpec::parse);
    }

    /** As {@link LoraSpec#parseAll}. */
    static List<LoraSpec> parseAll(String text) {
        return parse(text, LoraSpec::parseAll);
    }

    private static <T> T parse(String text, Function<String, T> parser) {
        if (text.startsWith(BUILT_IN)) {
            Path model = BuiltInModel.path();
            Path file = model.resolve(text.substring(BUILT_IN.length())).normalize();
            if (!file.startsWith(model.normalize())) {
                throw new IllegalArgumentException(
                        "adapter '"
                                + PrintableText.quoted(text)
                                + "': leads out of the built-in model; give the path of the file");
            }
            try {
                return parser.apply(file.toString());
            } catch (IllegalArgumentException e) {
                // The user may have a folder of that name.
                return parser.apply(text);
            }
        }
        return parser.apply(text);
    }

    /** Whether a name is that of the built-in model or of a file in it. */
    static boolean isBuiltIn(String text) {
        return text.equals(BuiltInModel.NAME) || text.startsWith(BUILT_IN);
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
