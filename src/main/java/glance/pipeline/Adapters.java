package glance.pipeline;

import glance.backend.LowRank;
import glance.lora.AdapterSet;
import glance.lora.LoraFile;
import glance.lora.LoraSpec;
import glance.model.Denoiser;
import glance.model.Family;
import glance.ops.Ops;
import glance.schedule.PhasePlan;
import glance.schedule.StepRange;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** The adapters of a run, read and placed on the device before its first step. */
final class Adapters implements AutoCloseable {
    private final AdapterSet set;
    private final List<Map<String, LowRank>> perStep;

    Adapters(
            Ops ops,
            Family family,
            Denoiser denoiser,
            List<LoraSpec> specs,
            PhasePlan plan,
            RunListener listener) {
        Map<String, Shape> modules = new LinkedHashMap<>();
        denoiser.linears().forEach((name, linear) -> modules.put(name, linear.weight().shape()));
        List<AdapterSet.Assignment> assignments = new ArrayList<>();
        for (LoraSpec spec : specs) {
            LoraFile file = LoraFile.open(spec.file(), family.keyMap(), modules);
            if (!file.unmatched().isEmpty()) {
                listener.warning(
                        spec.file()
                                + ": not used, no such module in this model: "
                                + summary(file.unmatched()));
            }
            assignments.add(new AdapterSet.Assignment(file, spec.scale(), steps(spec, plan)));
        }
        set = new AdapterSet(ops);
        perStep = set.perStep(plan.steps().size(), assignments);
    }

    private static SortedSet<Integer> steps(LoraSpec spec, PhasePlan plan) {
        if (spec.steps() != null) {
            return StepRange.parse(spec.steps(), plan);
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

    /** The steps of the plan with what each adds to the model. */
    List<DenoisingStep> steps(PhasePlan plan) {
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

    @Override
    public void close() {
        set.close();
    }
}
