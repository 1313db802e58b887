package glance.lora;

import glance.api.FormatException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Kinds of adapters that are not a plain product of two matrices. Leaving their tensors out would
 * give a picture that the adapter's author never saw, so such files are refused.
 */
final class UnsupportedAdapters {
    static final String REMEDY = "use a plain LoRA, with two matrices for each linear layer";

    private static final Map<Pattern, String> KINDS = new LinkedHashMap<>();

    static {
        kind("dora_scale|lora_magnitude_vector(\\..*)?", "part of a DoRA adapter");
        kind("hada_\\w+", "part of a LoHa adapter");
        kind("lokr_\\w+", "part of a LoKr adapter");
        kind("oft_\\w+(\\..*)?|boft_\\w+(\\..*)?", "part of an OFT adapter");
        kind("lora_mid\\.weight", "part of a Tucker-decomposed adapter");
        kind("[ab][12]\\.weight", "part of a GLoRA adapter");
        kind("(lora_B|lora_up|lora\\.up)(\\..*)?\\.bias", "the bias of a LoRA (lora_bias)");
        kind("diff|diff_b|set_weight|w_norm|b_norm", "a whole weight or bias of an adapter");
    }

    private UnsupportedAdapters() {}

    /** Why a key cannot be used, if it belongs to such an adapter. */
    static Optional<FormatException> refusal(Path file, String key) {
        return KINDS.entrySet().stream()
                .filter(kind -> kind.getKey().matcher(key).matches())
                .map(kind -> refusal(file, key, kind.getValue()))
                .findFirst();
    }

    static FormatException refusal(Path file, String key, String kind) {
        return new FormatException(
                file, key, "is " + kind + ", a kind that is not supported yet", REMEDY);
    }

    private static void kind(String suffix, String name) {
        KINDS.put(Pattern.compile("(.*\\.)?(" + suffix + ")"), name);
    }
}
