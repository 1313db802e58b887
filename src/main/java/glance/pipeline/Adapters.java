package glance.pipeline;

import glance.backend.LowRank;
import glance.lora.AdapterSet;
import glance.lora.LoraFile;
import glance.lora.LoraSpec;
import glance.lora.PhaseNote;
import glance.model.Denoiser;
import glance.model.Family;
import glance.ops.Ops;
import glance.schedule.PhasePlan;
import glance.schedule.StepRange;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Adapters, each read and placed on the device once, before the first step that uses it. */
final class Adapters implements AutoCloseable {
    private final Family family;
    private final RunListener listener;
    private final Map<String, Shape> modules = new LinkedHashMap<>();
    private final Map<Path, LoraFile> files = new HashMap<>();
    private final AdapterSet set;

    /**
     * @param denoiser what is adapted
     * @param listener warned of adapters that do not fit in full
     */
    Adapters(Ops ops, Family family, Denoiser denoiser, RunListener listener) {
        this.family = family;
        this.listener = listener;
        denoiser.linears().forEach((name, linear) -> modules.put(name, linear.shape()));
        set = new AdapterSet(ops);
    }

    /** The steps of a plan with what each adds to the model. */
    List<DenoisingStep> steps(List<LoraSpec> specs, PhasePlan plan) {
        List<AdapterSet.Assignment> assignments =
                specs.stream()
                        .map(
                                spec ->
                                        new AdapterSet.Assignment(
                                                file(spec), spec.scale(), steps(spec, plan)))
                        .toList();
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
                    LoraFile file = LoraFile.open(path, family.keyMap(), modules);
                    file.remarks().forEach(remark -> listener.warning(path + ": " + remark));
                    if (!file.unmatched().isEmpty()) {
                        listener.warning(
                                path
                                        + ": not used, no such module in this model: "
                                        + summary(file.unmatched()));
                    }
                    return file;
                });
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

    private static String summary(List<String> keys) {
        int shown = Math.min(keys.size(), 5);
        String text = String.join(", ", keys.subList(0, shown));
        return shown < keys.size() ? text + " and " + (keys.size() - shown) + " more" : text;
    }

    @Override
    public void close() {
        set.close();
    }
}
