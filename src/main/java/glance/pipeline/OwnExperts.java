package glance.pipeline;

import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.RequestException;
import glance.io.ModelFolder;
import glance.io.SafetensorsFile;
import glance.lora.AdapterPath;
import glance.lora.PhaseNote;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * ExpertReader that a model folder carries for plans, in a folder {@code experts} of its own. Each
 * file says in its header which phase of which plan it is for ({@link PhaseNote}).
 */
public final class OwnExperts {
    private static final String FOLDER = "experts";

    private OwnExperts() {}

    /**
     * The model's own adapters for a plan, each in its phase; none if the plan brings its own, or
     * if the folder says in {@code glance.json} that they are not to be used unasked.
     *
     * @throws glance.api.FormatException if a file among them or {@code glance.json} is damaged
     */
    public static List<Lora> of(ModelFolder model, Plan plan) {
        return FolderNote.of(model).experts() ? carried(model, plan) : List.of();
    }

    /**
     * As {@link #of}, also where {@code glance.json} says that they are not to be used unasked.
     *
     * @throws glance.api.FormatException if a file among them is damaged
     */
    public static List<Lora> carried(ModelFolder model, Plan plan) {
        List<Lora> result = new ArrayList<>();
        if (!plan.adapters().isEmpty() || !model.has(FOLDER)) {
            return result;
        }
        for (Path file : AdapterPath.in(model.component(FOLDER))) {
            try (SafetensorsFile opened = SafetensorsFile.open(file)) {
                PhaseNote.of(opened.metadata())
                        .filter(note -> note.plan().equals(plan.name()))
                        .filter(note -> hasPhase(plan, note.phase()))
                        .ifPresent(note -> result.add(Lora.of(file).on(note.phase())));
            }
        }
        return result;
    }

    /**
     * The plan whose phases adapters were trained for, if their files name one and no two; those
     * that name none, or one that is a file, have no say.
     *
     * @throws glance.api.FormatException if a file among them is damaged
     */
    public static Optional<Plan> plan(List<Lora> adapters) {
        Set<Plan> plans = new LinkedHashSet<>();
        for (Lora adapter : adapters) {
            try (SafetensorsFile opened = SafetensorsFile.open(adapter.path())) {
                PhaseNote.of(opened.metadata())
                        .flatMap(note -> Plans.phased(note.plan()))
                        .ifPresent(plans::add);
            }
        }
        return plans.size() == 1 ? plans.stream().findFirst() : Optional.empty();
    }

    /**
     * Adapters and those that a plan names for its phases.
     *
     * @throws RequestException if a file of the plan is missing, or names steps of its own
     */
    static List<Lora> withPlan(List<Lora> given, Plan plan) {
        List<Lora> all = new ArrayList<>(given);
        plan.adapters()
                .forEach((phase, list) -> list.forEach(adapter -> all.add(of(adapter, phase))));
        return all;
    }

    private static Lora of(Plan.Adapter adapter, String phase) {
        Lora lora = Lora.parse(adapter.text()).blocks(adapter.blocks());
        if (lora.steps() != null) {
            throw new RequestException(
                    "adapter '"
                            + PrintableText.quoted(adapter.text())
                            + "' of a plan: leave @ out; its steps are those of the phase");
        }
        return lora.from(AdapterPath.file(lora.path())).on(phase);
    }

    /** Whether an adapter is one of those that a model carries. */
    public static boolean isOf(ModelFolder model, Lora adapter) {
        Path own = model.path().resolve(FOLDER).toAbsolutePath().normalize();
        return adapter.path().toAbsolutePath().normalize().startsWith(own);
    }

    private static boolean hasPhase(Plan plan, String name) {
        return plan.phases().stream().anyMatch(phase -> phase.name().equals(name));
    }
}
