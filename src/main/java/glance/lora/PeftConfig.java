package glance.lora;

import glance.io.Config;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The strength that a PEFT LoraConfig gives its modules, from {@code adapter_config.json} or from
 * the JSON that diffusers puts into a safetensors header:
 *
 * <pre>
 * scale   lora_alpha / r           r from rank_pattern and lora_alpha from alpha_pattern,
 *         lora_alpha / sqrt(r)     where they name the module; with use_rslora
 *         alpha / r                of a LoHaConfig or a LoKrConfig, of two whole factors too
 * </pre>
 *
 * The root is that of rank-stabilised LoRA (Kalajdzievski, arXiv 2312.03732).
 */
final class PeftConfig {
    private static final String TYPE = "peft_type";
    private static final String LORA = "LORA";

    private static final List<String> KNOWN =
            List.of(
                    "lora_alpha",
                    "alpha",
                    "r",
                    "alpha_pattern",
                    "rank_pattern",
                    "use_rslora",
                    "use_dora",
                    "lora_bias");

    /** Starts of adapters for which PEFT also changes the weights below. */
    private static final List<String> CHANGED_WEIGHTS =
            List.of("pissa", "olora", "corda", "loftq", "lora_ga");

    private final boolean lora;
    private final Double alpha;
    private final Integer rank;
    private final NamePatterns alphas;
    private final NamePatterns ranks;
    private final boolean rankStabilised;
    private final Set<Role> needs = EnumSet.noneOf(Role.class);

    private PeftConfig(Config config, String prefix) {
        lora = config.string(prefix + TYPE, LORA).equals(LORA);
        alpha = number(config, prefix + (lora ? "lora_alpha" : "alpha"));
        Double r = number(config, prefix + "r");
        rank = r == null ? null : config.positive(prefix + "r");
        alphas = patterns(config, prefix + "alpha_pattern");
        ranks = ranks(config, prefix + "rank_pattern");
        rankStabilised = config.flag(prefix + "use_rslora", false);
        if (config.flag(prefix + "use_dora", false)) {
            needs.add(Role.MAGNITUDE);
        }
        if (config.flag(prefix + "lora_bias", false)) {
            needs.add(Role.UP_BIAS);
        }
    }

    /**
     * Reads a config.
     *
     * @param prefix what stands before each key, such as {@code transformer.}
     * @return empty if it has no key that counts
     * @throws glance.api.FormatException naming the key, if a value is malformed or asks for a kind
     *     of adapter that is not supported
     */
    static Optional<PeftConfig> of(Config config, String prefix) {
        refuseOtherKinds(config, prefix);
        return KNOWN.stream().anyMatch(key -> config.has(prefix + key))
                ? Optional.of(new PeftConfig(config, prefix))
                : Optional.empty();
    }

    private static void refuseOtherKinds(Config config, String prefix) {
        config.accepts(prefix + TYPE, LORA, "LOHA", "LOKR");
        // scaled by the square of alpha over the roots of two ranks
        config.accepts(prefix + "use_khatri_rao", "auto", false);
        config.accepts(prefix + "init_weights", true, false, "lycoris");
        config.accepts(prefix + "use_qalora", false);
        config.accepts(prefix + "use_bdlora", false);
        config.accepts(prefix + "bias", "none");
        String start = prefix + "init_lora_weights";
        if (config.isText(start)
                && CHANGED_WEIGHTS.stream().anyMatch(config.string(start)::startsWith)) {
            throw config.refuse(
                    start,
                    config.string(start) + " is for weights that PEFT changes when it loads them",
                    "save it with PEFT's path_initial_model_for_weight_conversion");
        }
    }

    private static Double number(Config config, String key) {
        return config.has(key) ? config.number(key) : null;
    }

    private static NamePatterns patterns(Config config, String key) {
        return config.has(key) ? new NamePatterns(config.object(key)) : null;
    }

    /** Ranks are whole numbers from 1 on; a strength is divided by them. */
    private static NamePatterns ranks(Config config, String key) {
        if (config.has(key)) {
            Config all = config.object(key);
            all.keys().forEach(all::positive);
        }
        return patterns(config, key);
    }

    /** Whether it is that of a LoRA; else of what has a full-rank product. */
    boolean isLora() {
        return lora;
    }

    /**
     * Alpha such that the product is scaled by {@code alpha / rank}, and by alpha itself where
     * there is no rank; null if the config says none.
     *
     * @param module its name without prefix
     * @param actual the rank of its matrices, or 0
     */
    Double alpha(String module, int actual) {
        Double value = alphas == null ? alpha : alphas.value(module).orElse(alpha);
        if (value == null) {
            return null;
        }
        if (actual == 0) {
            Double r = rank(module);
            return r == null ? null : (Double) (value / r);
        }
        return rankStabilised ? (Double) (value * Math.sqrt(actual)) : value;
    }

    /** The rank that the config gives a module, or null. */
    private Double rank(String module) {
        Double said = rank == null ? null : Double.valueOf(rank);
        return ranks == null ? said : ranks.value(module).orElse(said);
    }

    /** What every module has beside its matrices. */
    Set<Role> needs() {
        return needs;
    }

    /** Whether the matrices of a module have the rank that the config gives it, if it gives one. */
    boolean fits(String module, int actual) {
        Double said = rank(module);
        return said == null || said == actual || actual == 0;
    }
}
