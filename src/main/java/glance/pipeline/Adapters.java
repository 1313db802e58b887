package glance.pipeline;

import glance.backend.LowRank;
import glance.io.ModelFolder;
import glance.lora.AdapterSet;
import glance.lora.AdapterSet.Active;
import glance.lora.AdapterSet.Assignment;
import glance.lora.LoraFile;
import glance.lora.LoraSpec;
import glance.lora.PhaseNote;
import glance.model.Family;
import glance.nn.Linear;
import glance.schedule.PhasePlan;
import glance.schedule.StepRange;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The adapters of one or more runs. Each file is read once, for the transformer and for the text
 * encoders, before any of them is adapted.
 */
final class Adapters {
    private final Family family;
    private final ModelFolder folder;
    private final RunListener listener;
    private final Map<String, Shape> ofEncoders = new LinkedHashMap<>();
    private final Map<Path, LoraFile> files = new HashMap<>();
    private Map<String, Shape> modules; // of the whole model; null before the first adapter

    /**
     * @param encoders linear layers of the text encoders
     * @param listener warned of adapters that do not fit in full
     */
    Adapters(
            Family family, ModelFolder folder, Map<String, Linear> encoders, RunListener listener) {
        this.family = family;
        this.folder = folder;
        this.listener = listener;
        encoders.forEach((name, linear) -> ofEncoders.put(name, linear.shape()));
    }

    /** Which adapter is used in which steps of a plan. */
    List<Assignment> assign(List<LoraSpec> specs, PhasePlan plan) {
        return specs.stream()
                .map(spec -> new Assignment(file(spec), spec.scale(), steps(spec, plan)))
                .toList();
    }

    /**
     * What the text encoders take of adapters; none of those that are for the transformer alone. A
     * prompt is encoded once for all steps, so an adapter counts with the strength that it has in
     * its strongest step.
     */
    List<Active> ofEncoders(List<Assignment> assignments) {
        Map<LoraFile, Map<Integer, Float>> strengths = new LinkedHashMap<>();
        for (Assignment assignment : assignments) {
            Map<Integer, Float> steps =
                    strengths.computeIfAbsent(assignment.file(), file -> new TreeMap<>());
            assignment.steps().forEach(s -> steps.merge(s, assignment.strength(), Float::sum));
        }
        return strengths.entrySet().stream()
                .filter(e -> e.getKey().pairs().keySet().stream().anyMatch(ofEncoders::containsKey))
                .map(entry -> new Active(entry.getKey(), strongest(entry.getValue())))
                .toList();
    }

    private static float strongest(Map<Integer, Float> steps) {
        return steps.values().stream().max(Comparator.comparing(Math::abs)).orElse(0f);
    }

    /** Whether a module is of the transformer. */
    boolean isOfTransformer(String module) {
        return !ofEncoders.containsKey(module);
    }

    /**
     * The steps of a plan with what each adds to the transformer.
     *
     * @param set places adapters on the device
     */
    static List<DenoisingStep> steps(AdapterSet set, List<Assignment> assignments, PhasePlan plan) {
        List<Map<String, LowRank>> perStep = set.perStep(plan.steps().size(), assignments);
        return plan.steps().stream()
                .map(
                        step ->
                                new DenoisingStep(
                                        step.sigma(),
                                        step.nextSigma(),
                                        step.phase(),
                                        perStep.get(step.number() - 1)))
                .toList();
    }

    private LoraFile file(LoraSpec spec) {
        return files.computeIfAbsent(
                spec.file(),
                path -> {
                    LoraFile file = LoraFile.open(path, family.keyMap(), modules());
                    file.remarks().forEach(remark -> listener.warning(path + ": " + remark));
                    return file;
                });
    }

    private Map<String, Shape> modules() {
        if (modules == null) {
            modules = new LinkedHashMap<>(TransformerModules.of(family, folder));
            modules.putAll(ofEncoders);
        }
        return modules;
    }

    /** The steps that the user names, else those that the file was trained for, else all. */
    private SortedSet<Integer> steps(LoraSpec spec, PhasePlan plan) {
        if (spec.steps() != null) {
            return StepRange.parse(spec.steps(), plan);
        }
        PhaseNote note = file(spec).note().orElse(null);
        if (note != null && plan.phases().contains(note.phase())) {
            return StepRange.parse(note.phase(), plan);
        }
        if (note != null && !note.phase().equals(PhaseNote.ALL)) {
            listener.warning(
                    spec.file()
                            + ": trained for phase "
                            + note.phase()
                            + " of plan "
                            + note.plan()
                            + "; plan "
                            + plan.name()
                            + " has no such phase, so it is used in all steps; say which, such as "
                            + spec.file().getFileName()
                            + "@1-5");
        }
        SortedSet<Integer> all = new TreeSet<>();
        plan.steps().forEach(step -> all.add(step.number()));
        return all;
    }
}
