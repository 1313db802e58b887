package glance.pipeline;

import glance.io.ModelFolder;
import glance.io.SafetensorsFile;
import glance.lora.AdapterPath;
import glance.lora.LoraSpec;
import glance.lora.PhaseNote;
import glance.schedule.PlanSpec;
import glance.schedule.Plans;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Adapters that a model folder carries for plans, in a folder {@code experts} of its own. Each file
 * says in its header which phase of which plan it is for ({@link PhaseNote}).
 */
public final class Experts {
    private static final String FOLDER = "experts";

    private Experts() {}

    /**
     * The model's own adapters for a plan, each in its phase; none if the plan brings its own, or
     * if the folder says in {@code glance.json} that they are not to be used unasked.
     *
     * @throws glance.io.FormatException if a file among them or {@code glance.json} is damaged
     */
    public static List<LoraSpec> of(ModelFolder model, PlanSpec plan) {
        return FolderNote.of(model).experts() ? carried(model, plan) : List.of();
    }

    /**
     * As {@link #of}, also where {@code glance.json} says that they are not to be used unasked.
     *
     * @throws glance.io.FormatException if a file among them is damaged
     */
    public static List<LoraSpec> carried(ModelFolder model, PlanSpec plan) {
        List<LoraSpec> result = new ArrayList<>();
        if (!plan.adapters().isEmpty() || !model.has(FOLDER)) {
            return result;
        }
        for (Path file : AdapterPath.in(model.component(FOLDER))) {
            try (SafetensorsFile opened = SafetensorsFile.open(file)) {
                PhaseNote.of(opened.metadata())
                        .filter(note -> note.plan().equals(plan.name()))
                        .filter(note -> hasPhase(plan, note.phase()))
                        .ifPresent(note -> result.add(new LoraSpec(file, 1, note.phase())));
            }
        }
        return result;
    }

    /**
     * The plan whose phases adapters were trained for, if their files name one and no two; those
     * that name none, or one that is a file, have no say.
     *
     * @throws glance.io.FormatException if a file among them is damaged
     */
    public static Optional<PlanSpec> plan(List<LoraSpec> adapters) {
        Set<PlanSpec> plans = new LinkedHashSet<>();
        for (LoraSpec adapter : adapters) {
            try (SafetensorsFile opened = SafetensorsFile.open(adapter.file())) {
                PhaseNote.of(opened.metadata())
                        .flatMap(note -> Plans.phased(note.plan()))
                        .ifPresent(plans::add);
            }
        }
        return plans.size() == 1 ? plans.stream().findFirst() : Optional.empty();
    }

    /** Whether an adapter is one of those that a model carries. */
    public static boolean isOf(ModelFolder model, LoraSpec adapter) {
        Path own = model.path().resolve(FOLDER).toAbsolutePath().normalize();
        return adapter.file().toAbsolutePath().normalize().startsWith(own);
    }

    private static boolean hasPhase(PlanSpec plan, String name) {
        return plan.phases().stream().anyMatch(phase -> phase.name().equals(name));
    }
}
