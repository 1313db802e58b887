package glance.lora;

import glance.io.Config;
import glance.io.SafetensorsFile;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one place that decides the alpha of modules without an alpha tensor. What says it first
 * counts:
 *
 * <ol>
 *   <li>the {@code lora_adapter_metadata} JSON of the header, where diffusers puts a {@link
 *       PeftConfig}, with {@code transformer.} or the name of a text encoder before each key
 *   <li>{@code adapter_config.json} beside the file, the {@link PeftConfig} of a PEFT folder
 *   <li>plain strings of the header: {@link HeaderAlpha}
 *   <li>nothing: alpha is the rank
 * </ol>
 */
final class AlphaRule {
    private static final String METADATA = "lora_adapter_metadata";
    private static final List<String> TRANSFORMER = List.of("transformer.", "unet.", "");
    private static final Pattern TEXT_ENCODER = Pattern.compile("(text_encoder(?:_\\d)?\\.)(.+)");

    /** Header entry of a trainer whose files have alpha = rank, and what it holds there. */
    private static final String SOFTWARE = "software";

    private static final String FOLDING_TRAINER = "ai-toolkit";

    private final Map<String, Float> alphas = new HashMap<>();
    private final Set<String> remarks = new LinkedHashSet<>();
    private final Set<Role> needs = EnumSet.noneOf(Role.class);

    private AlphaRule() {}

    /**
     * Decides.
     *
     * @param ranks the rank of each LoRA without an alpha tensor, by its name in the file
     * @param full likewise of what has a full-rank product; 0 where there is no rank
     * @param folded whether the names are lora_A and lora_B
     * @throws glance.api.FormatException if a config is malformed, or says that the adapter is of
     *     an unsupported kind
     */
    static AlphaRule of(
            SafetensorsFile file,
            Map<String, Integer> ranks,
            Map<String, Integer> full,
            boolean folded) {
        AlphaRule rule = new AlphaRule();
        Map<String, PeftConfig> header = inHeader(file);
        Map<String, Integer> all = new HashMap<>(ranks);
        all.putAll(full);
        PeftConfig beside = rule.beside(file.path(), all).orElse(null);
        rule.decideFull(beside, full);
        if (beside != null && !beside.isLora()) {
            beside = null;
        }
        header.values().forEach(config -> rule.needs.addAll(config.needs()));
        if (beside != null) {
            rule.needs.addAll(beside.needs());
        }
        HeaderAlpha plain = HeaderAlpha.of(file.metadata(), ranks.values(), folded);
        boolean silent = false;
        for (Map.Entry<String, Integer> entry : ranks.entrySet()) {
            Name name = Name.of(entry.getKey());
            int rank = entry.getValue();
            Double inside = rule.alpha(header.get(name.component()), name, rank, METADATA);
            Double outside = rule.alpha(beside, name, rank, AdapterPath.CONFIG);
            if (inside != null && outside != null && !inside.equals(outside)) {
                rule.remarks.add("its header and adapter_config.json disagree; the header counts");
            }
            Double alpha = inside != null ? inside : outside != null ? outside : plain.alpha();
            silent |= alpha == null;
            rule.alphas.put(entry.getKey(), alpha == null ? rank : alpha.floatValue());
        }
        if (silent) {
            rule.remarkOnSilence(file.metadata(), plain, folded);
        }
        return rule;
    }

    /** What a LoHa or LoKr of PEFT has; in LyCORIS' files what has a rank has a tensor. */
    private void decideFull(PeftConfig config, Map<String, Integer> full) {
        boolean said = config != null && !config.isLora();
        full.forEach(
                (module, rank) -> {
                    Name name = Name.of(module);
                    Double alpha = said ? alpha(config, name, rank, AdapterPath.CONFIG) : null;
                    alphas.put(module, alpha == null ? Math.max(1, rank) : alpha.floatValue());
                });
    }

    /** As if nothing was said. */
    static AlphaRule ofRanks(Map<String, Integer> ranks) {
        AlphaRule rule = new AlphaRule();
        ranks.forEach((module, rank) -> rule.alphas.put(module, (float) Math.max(1, rank)));
        return rule;
    }

    /** Alpha of a module by its name in the file, such that its scale is {@code alpha / rank}. */
    float alpha(String module) {
        return alphas.get(module);
    }

    /** What the configs say that modules have beside their matrices. */
    Set<Role> needs() {
        return needs;
    }

    /** What the user should know about the choice; mostly nothing. */
    List<String> remarks() {
        return List.copyOf(remarks);
    }

    /**
     * A module's name taken apart.
     *
     * @param component {@code text_encoder.}, {@code text_encoder_2.}, or empty for a transformer
     * @param module its name in there
     */
    private record Name(String component, String module) {
        static Name of(String name) {
            Matcher encoder = TEXT_ENCODER.matcher(name);
            return encoder.matches()
                    ? new Name(encoder.group(1), encoder.group(2))
                    : new Name("", ModuleNames.bare(name));
        }
    }

    /** The configs in the header, by component. */
    private static Map<String, PeftConfig> inHeader(SafetensorsFile file) {
        Map<String, PeftConfig> configs = new HashMap<>();
        String json = file.metadata().get(METADATA);
        if (json != null) {
            Config config = Config.parse(file.path(), METADATA, json);
            for (String prefix : TRANSFORMER) {
                PeftConfig.of(config, prefix).ifPresent(c -> configs.putIfAbsent("", c));
            }
            Set<String> encoders = new LinkedHashSet<>();
            for (String key : config.keys()) {
                Matcher encoder = TEXT_ENCODER.matcher(key);
                if (encoder.matches()) {
                    encoders.add(encoder.group(1));
                }
            }
            encoders.forEach(e -> PeftConfig.of(config, e).ifPresent(c -> configs.put(e, c)));
        }
        return configs;
    }

    /** The PEFT config beside a file, if it is that file's. */
    private Optional<PeftConfig> beside(Path file, Map<String, Integer> ranks) {
        Path path = AdapterPath.config(file).orElse(null);
        if (path == null || ranks.isEmpty()) {
            return Optional.empty();
        }
        PeftConfig config = PeftConfig.of(Config.read(path), "").orElse(null);
        if (config == null || AdapterPath.isNamedByPeft(file)) {
            return Optional.ofNullable(config);
        }
        boolean fits =
                ranks.entrySet().stream()
                        .allMatch(e -> config.fits(Name.of(e.getKey()).module(), e.getValue()));
        remarks.add(
                fits
                        ? "its strength is taken from adapter_config.json beside it"
                        : "adapter_config.json beside it has other ranks and is not used");
        return fits ? Optional.of(config) : Optional.empty();
    }

    private Double alpha(PeftConfig config, Name name, int rank, String source) {
        if (config == null) {
            return null;
        }
        if (!config.fits(name.module(), rank)) {
            remarks.add(source + " has other ranks than its matrices, whose ranks count");
        }
        return config.alpha(name.module(), rank);
    }

    /** Whether silence surely means alpha = rank; so it does in ComfyUI's names. */
    private boolean isFolded(Map<String, String> header) {
        return header.getOrDefault(SOFTWARE, "").contains(FOLDING_TRAINER)
                || alphas.keySet().stream()
                        .allMatch(m -> LoraLayout.of(m).orElse(null) == LoraLayout.COMFYUI);
    }

    private void remarkOnSilence(Map<String, String> header, HeaderAlpha plain, boolean folded) {
        if (plain.doubt() != null) {
            remarks.add(
                    "its header says "
                            + plain.doubt()
                            + "; alpha = rank is taken, and a strength (FILE:STRENGTH) changes that");
        } else if (folded && !isFolded(header)) {
            remarks.add(
                    "nothing says its alpha, so alpha = rank is taken; if it was trained with"
                            + " another, give alpha / rank as strength (FILE:STRENGTH)");
        }
    }
}
