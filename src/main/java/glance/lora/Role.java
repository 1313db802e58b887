package glance.lora;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a tensor of an adapter file is to its module. Exporters name them differently, and some mix
 * the names in one file.
 */
enum Role {
    /** Down matrix of a LoRA, [rank, in]. */
    DOWN(
            "lora_[Aa]|lora_down|lora\\.down|lora_linear_layer\\.down",
            Role.NAMES,
            // old diffusers: _lora stays part of the name
            "(.+_lora\\d?)\\.down\\.weight"),
    /** Up matrix of a LoRA, [out, rank]. */
    UP(Role.UPS, Role.NAMES, "(.+_lora\\d?)\\.up\\.weight"),
    /** Bias of the up matrix, [out]. */
    UP_BIAS(Role.UPS, "(?:\\.[A-Za-z0-9_-]+)*?\\.bias", null),
    /** Length of each row of a DoRA, [out] or [out, 1]. */
    MAGNITUDE("dora_scale|lora_magnitude_vector", Role.NAMES, null),
    /** Numerator of the strength. */
    ALPHA("alpha", "", null),
    HADA_W1_A("hada_w1_a", "", null),
    HADA_W1_B("hada_w1_b", "", null),
    HADA_W2_A("hada_w2_a", "", null),
    HADA_W2_B("hada_w2_b", "", null),
    LOKR_W1("lokr_w1", "", null),
    LOKR_W1_A("lokr_w1_a", "", null),
    LOKR_W1_B("lokr_w1_b", "", null),
    LOKR_W2("lokr_w2", "", null),
    LOKR_W2_A("lokr_w2_a", "", null),
    LOKR_W2_B("lokr_w2_b", "", null),
    /** Added to the weight, of its shape. */
    DIFF("diff|w_norm", "", null),
    /** Added to the bias, [out]. */
    DIFF_BIAS("diff_b|b_norm", "", null);

    private static final String UPS = "lora_[Bb]|lora_up|lora\\.up|lora_linear_layer\\.up";

    /** PEFT writes {@code lora_A.NAME.weight}. */
    private static final String NAMES = "(?:\\.(?!bias$)[A-Za-z0-9_-]+)*";

    private final Pattern usual;
    private final Pattern old; // or null

    Role(String names, String rest, String old) {
        this.usual = Pattern.compile("(.+)\\.(?:" + names + ")" + rest);
        this.old = old == null ? null : Pattern.compile(old);
    }

    /** The module that a key is of, if the key has this role. */
    Optional<String> module(String key) {
        Matcher matcher = usual.matcher(key);
        if (matcher.matches()) {
            return Optional.of(matcher.group(1));
        }
        Matcher other = old == null ? null : old.matcher(key);
        return other != null && other.matches() ? Optional.of(other.group(1)) : Optional.empty();
    }
}
