package glance.lora;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What an adapter file says about the steps that it was trained for, so that the file alone is
 * enough to use it: entries of the safetensors header that other programs ignore.
 *
 * <pre>
 * glance.plan     glance
 * glance.phase    slow
 * glance.sigmas   1.0 0.979 0.957 0.934 0.911
 * </pre>
 *
 * @param plan name of the plan
 * @param phase name of the phase in it, or {@link #ALL}
 * @param sigmas noise levels that it was trained on, falling; may be empty in files of others
 */
public record PhaseNote(String plan, String phase, List<Float> sigmas) {
    /** In place of a phase: the adapter was trained for all steps. */
    public static final String ALL = "all";

    private static final String PLAN = "glance.plan";
    private static final String PHASE = "glance.phase";
    private static final String SIGMAS = "glance.sigmas";

    public PhaseNote {
        sigmas = List.copyOf(sigmas);
    }

    /**
     * The note of a file's header, if it has one. Noise levels that are no numbers are left out:
     * they only inform.
     */
    public static Optional<PhaseNote> of(Map<String, String> metadata) {
        String phase = metadata.get(PHASE);
        if (phase == null || phase.isBlank()) {
            return Optional.empty();
        }
        return Optional.of(
                new PhaseNote(
                        metadata.getOrDefault(PLAN, ""),
                        phase,
                        numbers(metadata.getOrDefault(SIGMAS, ""))));
    }

    /** The header entries, for {@link LoraWriter}. */
    public Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put(PLAN, plan);
        entries.put(PHASE, phase);
        entries.put(SIGMAS, sigmas.stream().map(String::valueOf).collect(Collectors.joining(" ")));
        return entries;
    }

    private static List<Float> numbers(String text) {
        List<Float> numbers = new ArrayList<>();
        for (String part : text.strip().split("\\s+")) {
            try {
                numbers.add(Float.parseFloat(part));
            } catch (NumberFormatException e) {
                return List.of();
            }
        }
        return numbers;
    }
}
