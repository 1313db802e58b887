package glance.picture;

import glance.api.Lora;
import glance.api.RequestException;
import glance.api.Steps;
import glance.hub.HubName;
import glance.io.BuiltInModel;
import glance.lora.AdapterPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Names of adapters as they are typed and recorded. Those of the built-in model and of the hub lie
 * in caches, whose places differ between machines; they are called {@code
 * glance-tiny/experts/slow...} and {@code ORG/NAME/FILE}.
 */
public final class AdapterNames {
    private static final String BUILT_IN = BuiltInModel.NAME + "/";

    private AdapterNames() {}

    /**
     * Texts of adapters with commas between them. Names of files, and steps, may have commas
     * themselves: a new one begins where an adapter exists, or where no steps can go on.
     *
     * @param names in place of a file
     */
    public static List<String> split(String text, String... names) {
        List<String> all = new ArrayList<>();
        int start = 0;
        int comma = text.indexOf(',', nameLength(text));
        while (comma >= 0) {
            String rest = text.substring(comma + 1);
            String next = rest.split(",", 2)[0];
            boolean isAdapter = nameLength(rest) > 0 || List.of(names).contains(next);
            boolean hasSteps = text.substring(start, comma).contains("@");
            if (isAdapter || !hasSteps || !areSteps(next)) {
                all.add(text.substring(start, comma));
                start = comma + 1;
            }
            comma = text.indexOf(',', comma + 1 + nameLength(rest));
        }
        all.add(text.substring(start));
        return all;
    }

    /** Characters of the existing adapter that a text begins with, or 0. */
    private static int nameLength(String text) {
        if (text.startsWith(BUILT_IN)) {
            String model = BuiltInModel.path() + "/";
            Optional<String> file = Lora.existing(model + text.substring(BUILT_IN.length()));
            if (file.isPresent() && file.get().length() > model.length()) {
                return BUILT_IN.length() + file.get().length() - model.length();
            }
        }
        return Lora.existing(text)
                .filter(name -> AdapterPath.mayBeAt(Path.of(name)))
                .map(String::length)
                .orElse(0);
    }

    private static boolean areSteps(String text) {
        try {
            Steps.parse(text);
            return true;
        } catch (RequestException e) {
            return false;
        }
    }

    /** Whether a name is that of the built-in model or of a file in it. */
    public static boolean isBuiltIn(String text) {
        return text.equals(BuiltInModel.NAME) || text.startsWith(BUILT_IN);
    }

    /** The text that names an adapter on every machine; else its path. */
    public static String text(Lora adapter) {
        Optional<HubName> name = HubName.ofCached(adapter.path());
        if (name.isPresent()) {
            return name.get() + adapter.options();
        }
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
