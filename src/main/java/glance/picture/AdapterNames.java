package glance.picture;

import glance.api.Lora;
import glance.api.RequestException;
import glance.io.BuiltInModel;
import glance.lora.AdapterPath;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.List;

/**
 * Names of adapters as they are typed and recorded. Those of the built-in model lie in a cache,
 * whose place differs between machines; they are called {@code glance-tiny/experts/slow...}.
 */
public final class AdapterNames {
    private static final String BUILT_IN = BuiltInModel.NAME + "/";

    private AdapterNames() {}

    /**
     * As {@link Lora#parse}.
     *
     * @throws RequestException also if {@code ..} leads out of the built-in model
     */
    public static Lora parse(String text) {
        if (!text.startsWith(BUILT_IN)) {
            return Lora.parse(text);
        }
        Path model = BuiltInModel.path();
        Path file = model.resolve(text.substring(BUILT_IN.length())).normalize();
        if (!file.startsWith(model.normalize())) {
            throw new RequestException(
                    "adapter '"
                            + PrintableText.quoted(text)
                            + "': leads out of the built-in model; give the path of the file");
        }
        try {
            return Lora.parse(file.toString());
        } catch (RequestException e) {
            // The user may have a folder of that name.
            return Lora.parse(text);
        }
    }

    /** As {@link #parse}; the folder of a training run stands for all adapters in it. */
    public static List<Lora> parseAll(String text) {
        return AdapterPath.expand(List.of(parse(text)));
    }

    /** Whether a name is that of the built-in model or of a file in it. */
    public static boolean isBuiltIn(String text) {
        return text.equals(BuiltInModel.NAME) || text.startsWith(BUILT_IN);
    }

    /** The text that {@link #parse} reads. */
    public static String text(Lora adapter) {
        if (!adapter.path().toString().contains(BuiltInModel.NAME)) {
            return adapter.toString();
        }
        Path model = BuiltInModel.path();
        if (!adapter.path().startsWith(model)) {
            return adapter.toString();
        }
        String inside = model.relativize(adapter.path()).toString().replace('\\', '/');
        return BUILT_IN + inside + adapter.options();
    }
}
