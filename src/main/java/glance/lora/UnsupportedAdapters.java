package glance.lora;

import glance.api.FormatException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Kinds of adapters that are not known how to compute. Leaving their tensors out would give a
 * picture that the adapter's author never saw, so such files are refused.
 */
final class UnsupportedAdapters {
    static final String REMEDY = "use a LoRA, DoRA, LoHa, LoKr or whole differences (.diff)";

    private static final Map<Pattern, String> KINDS = new LinkedHashMap<>();

    static {
        kind("hada_t\\d", "part of a Tucker-decomposed LoHa adapter");
        kind("lokr_t\\d", "part of a Tucker-decomposed LoKr adapter");
        kind("oft_\\w+(\\..*)?|boft_\\w+(\\..*)?", "part of an OFT adapter");
        kind("lora_mid\\.weight", "part of a Tucker-decomposed adapter");
        kind("[ab][12]\\.weight", "part of a GLoRA adapter");
        kind("ia3_l(\\..*)?", "part of an (IA)3 adapter");
        kind("set_weight", "a whole weight in place of the model's");
    }

    private UnsupportedAdapters() {}

    /** Why a key cannot be used, if it belongs to such an adapter. */
    static Optional<FormatException> refusal(Path file, String key) {
        return KINDS.entrySet().stream()
                .filter(kind -> kind.getKey().matcher(key).matches())
                .map(
                        kind ->
                                new FormatException(
                                        file,
                                        key,
                                        "is " + kind.getValue() + ", which is not supported",
                                        REMEDY))
                .findFirst();
    }

    private static void kind(String suffix, String name) {
        KINDS.put(Pattern.compile("(.*\\.)?(" + suffix + ")"), name);
    }
}
