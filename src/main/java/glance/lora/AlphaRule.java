package glance.lora;

import glance.io.Config;
import glance.io.SafetensorsFile;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Alpha of modules that have no alpha tensor: from the {@code lora_adapter_metadata} JSON that
 * diffusers puts into the header ({@code lora_alpha}, {@code alpha_pattern}, {@code use_rslora} of
 * a PEFT LoraConfig, with {@code transformer.} before each key), else the rank.
 *
 * <p>PEFT reads keys of alpha_pattern as regular expressions; they are taken as module names here,
 * or as their ends after a dot, which is how files use them; the longest that fits counts.
 */
final class AlphaRule {
    private static final String METADATA = "lora_adapter_metadata";
    private static final List<String> PREFIXES = List.of("transformer.", "");
    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_.-]+");

    private final Double common;
    private final Map<String, Double> byModule;
    private final boolean rankStabilised;

    private AlphaRule(Double common, Map<String, Double> byModule, boolean rankStabilised) {
        this.common = common;
        this.byModule = byModule;
        this.rankStabilised = rankStabilised;
    }

    /**
     * @throws glance.io.FormatException if the metadata is malformed, or says that the adapter is
     *     of an unsupported kind
     */
    static AlphaRule of(SafetensorsFile file) {
        String json = file.metadata().get(METADATA);
        if (json == null) {
            return new AlphaRule(null, Map.of(), false);
        }
        Config config = Config.parse(file.path(), METADATA, json);
        Double common = null;
        boolean rankStabilised = false;
        Map<String, Double> byModule = new TreeMap<>();
        for (String prefix : PREFIXES) {
            config.accepts(prefix + "use_dora", false);
            rankStabilised |= config.flag(prefix + "use_rslora", false);
            if (common == null && config.has(prefix + "lora_alpha")) {
                common = config.number(prefix + "lora_alpha");
            }
            if (config.has(prefix + "alpha_pattern")) {
                addPatterns(config.object(prefix + "alpha_pattern"), byModule);
            }
        }
        return new AlphaRule(common, byModule, rankStabilised);
    }

    private static void addPatterns(Config patterns, Map<String, Double> byModule) {
        for (String key : patterns.keys()) {
            String name = key.startsWith("^") ? key.substring(1) : key;
            if (!PLAIN_NAME.matcher(name).matches()) {
                throw patterns.refuse(
                        key, "is not a plain module name", "write one entry for each module");
            }
            byModule.put(name, patterns.number(key));
        }
    }

    /**
     * Alpha such that the product is scaled by {@code alpha / rank}.
     *
     * @param module name in the file, with any prefix
     */
    float alpha(String module, int rank) {
        Double alpha = common;
        int matched = 0;
        for (Map.Entry<String, Double> entry : byModule.entrySet()) {
            String name = entry.getKey();
            boolean matches = module.equals(name) || module.endsWith("." + name);
            if (matches && name.length() > matched) {
                matched = name.length();
                alpha = entry.getValue();
            }
        }
        if (alpha == null) {
            return rank;
        }
        // Rank-stabilised LoRA (Kalajdzievski, arXiv 2312.03732) divides by sqrt(rank).
        return (float) (rankStabilised ? alpha * Math.sqrt(rank) : alpha);
    }
}
