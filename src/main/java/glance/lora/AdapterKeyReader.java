package glance.lora;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.TensorInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Sorts the keys of an adapter file by module and {@link Role}; see {@link ModuleFit} for what a
 * module can have. Alpha is a tensor beside the others, else from elsewhere: see {@link AlphaRule}.
 */
final class AdapterKeyReader {
    /** Names of files in which alpha is mostly folded into the matrices. */
    private static final Pattern FOLDED = Pattern.compile(".+\\.lora_[Aa](\\..+)?");

    private final SafetensorsFile file;
    private final Consumer<FormatException> problems;
    private final Map<String, Map<Role, TensorInfo>> modules = new LinkedHashMap<>();
    private final List<String> others = new ArrayList<>();

    /**
     * @param problems hears what cannot be used, each with its reason; it may throw it
     */
    AdapterKeyReader(SafetensorsFile file, Consumer<FormatException> problems) {
        this.file = file;
        this.problems = problems;
    }

    AdapterKeys read() {
        file.tensors().values().forEach(this::sort);
        Map<String, Integer> ranks = new LinkedHashMap<>();
        modules.forEach(
                (module, parts) -> {
                    int rank = new ModuleFit(parts, this::refuse).rank();
                    if (rank >= 0) {
                        ranks.put(module, rank);
                    } else {
                        others.addAll(names(parts));
                    }
                });
        Map<String, Float> alphas = ownAlphas(ranks);
        Map<String, Integer> open = new LinkedHashMap<>(ranks);
        open.keySet().removeAll(alphas.keySet());
        AlphaRule rule = rule(open);
        rule.needs().forEach(this::requireSome);
        open.keySet().forEach(module -> alphas.put(module, rule.alpha(module)));
        List<AdapterKeys.Entry> entries = new ArrayList<>();
        ranks.forEach(
                (module, rank) -> {
                    Map<Role, TensorInfo> parts = modules.get(module);
                    entries.add(
                            new AdapterKeys.Entry(
                                    module, parts, rank, alphas.get(module), names(parts)));
                });
        return new AdapterKeys(entries, others, rule.remarks());
    }

    private static List<String> names(Map<Role, TensorInfo> parts) {
        return parts.values().stream().map(TensorInfo::name).toList();
    }

    private void sort(TensorInfo info) {
        String key = info.name();
        FormatException unsupported = UnsupportedAdapters.refusal(file.path(), key).orElse(null);
        if (unsupported != null) {
            problems.accept(unsupported);
            others.add(key);
            return;
        }
        for (Role role : Role.values()) {
            Optional<String> module = role.module(key);
            if (module.isPresent()) {
                putOnce(module.get(), role, info);
                return;
            }
        }
        others.add(key);
    }

    private void putOnce(String module, Role role, TensorInfo info) {
        TensorInfo other =
                modules.computeIfAbsent(module, name -> new EnumMap<>(Role.class))
                        .putIfAbsent(role, info);
        if (other != null) {
            refuse(
                    info.name(),
                    "gives what " + other.name() + " gives already",
                    "keep one adapter in a file");
            others.add(info.name());
        }
    }

    private void refuse(String key, String reason, String remedy) {
        problems.accept(new FormatException(file.path(), key, reason, remedy));
    }

    /** A config that promises tensors which are not there is that of another file. */
    private void requireSome(Role role) {
        if (modules.values().stream().noneMatch(parts -> parts.containsKey(role))) {
            boolean dora = role == Role.MAGNITUDE;
            refuse(
                    null,
                    "its config says "
                            + (dora ? "use_dora" : "lora_bias")
                            + ", but it holds no "
                            + (dora ? "lora_magnitude_vector" : "lora_B.bias"),
                    "the file is not complete; fetch or export it again");
        }
    }

    private Map<String, Float> ownAlphas(Map<String, Integer> ranks) {
        Map<String, Float> values = new LinkedHashMap<>();
        ranks.forEach(
                (module, rank) -> {
                    TensorInfo info = modules.get(module).get(Role.ALPHA);
                    Float alpha = info == null ? null : readAlpha(info);
                    if (info != null) {
                        boolean counts = alpha != null && rank > 0; // not of two whole factors
                        values.put(module, counts ? alpha : (Float) (float) Math.max(1, rank));
                    }
                });
        return values;
    }

    private Float readAlpha(TensorInfo info) {
        String key = info.name();
        if (info.shape().numel() != 1) {
            refuse(key, "must be one number, got shape " + info.shape(), null);
            return null;
        }
        ByteBuffer data = file.data(key);
        float alpha;
        switch (info.dtype()) {
            case I64 -> alpha = data.getLong();
            case I32 -> alpha = data.getInt();
            case U8, BOOL -> {
                refuse(key, "must be a number, got " + info.dtype(), null);
                return null;
            }
            default -> alpha = HostFloats.read(new HostTensor(info.dtype(), info.shape(), data))[0];
        }
        if (!Float.isFinite(alpha)) {
            refuse(key, "must be finite, got " + alpha, null);
            return null;
        }
        return alpha;
    }

    /** Where a config cannot be used, the ranks. */
    private AlphaRule rule(Map<String, Integer> open) {
        Map<String, Integer> lora = new LinkedHashMap<>(open);
        lora.keySet().removeIf(module -> !modules.get(module).containsKey(Role.DOWN));
        Map<String, Integer> full = new LinkedHashMap<>(open);
        full.keySet().removeAll(lora.keySet());
        boolean folded =
                lora.keySet().stream()
                        .map(module -> modules.get(module).get(Role.DOWN).name())
                        .allMatch(key -> FOLDED.matcher(key).matches());
        try {
            return AlphaRule.of(file, lora, full, folded);
        } catch (FormatException problem) {
            problems.accept(problem);
            return AlphaRule.ofRanks(open);
        }
    }
}
