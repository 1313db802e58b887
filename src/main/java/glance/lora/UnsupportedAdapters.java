package glance.lora;

import glance.io.FormatException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Kinds of adapters that are not a plain product of two matrices. Leaving their tensors out would
 * give a picture that the adapter's author never saw, so such files are refused.
 */
final class UnsupportedAdapters {
    private static final Map<Pattern, String> KINDS = new LinkedHashMap<>();

    static {
        kind("dora_scale|lora_magnitude_vector(\\..*)?", "a DoRA magnitude");
        kind("hada_\\w+", "part of a LoHa adapter");
        kind("lokr_\\w+", "part of a LoKr adapter");
        kind("oft_\\w+(\\..*)?", "part of an OFT adapter");
        kind("lora_mid\\.weight", "part of a Tucker-decomposed adapter");
        kind("(lora_B|lora_up|lora\\.up)(\\..*)?\\.bias", "a bias of an adapter");
        kind("diff|diff_b", "a whole weight difference");
    }

    private UnsupportedAdapters() {}

    /**
     * @throws FormatException if the key belongs to such an adapter
     */
    static void refuse(Path file, String key) {
        KINDS.forEach(
                (pattern, kind) -> {
                    if (pattern.matcher(key).matches()) {
                        throw new FormatException(
                                file,
                                key,
                                "is " + kind + ", which is not supported",
                                "convert the file to a plain LoRA (lora_A and lora_B)");
                    }
                });
    }

    private static void kind(String suffix, String name) {
        KINDS.put(Pattern.compile("(.*\\.)?(" + suffix + ")"), name);
    }
}
