package glance.compare;

import glance.api.Comparison.Run;
import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.LoraGrid.Axis;
import glance.api.Plan;
import glance.api.Steps;
import glance.api.Strength;
import glance.lora.AdapterPath;
import java.util.ArrayList;
import java.util.List;

/**
 * The cells of a {@link LoraGrid} as runs of a plan. An adapter of strength 0 is left out, and
 * cells that make the same picture are one run:
 *
 * <pre>
 *             fast 0       fast 1
 *   slow 0    base         fast:1
 *   slow 1    slow:1       slow:1 + fast:1
 * </pre>
 *
 * @param plan the steps of all cells
 * @param rows what each row is called
 * @param columns what each column is called
 * @param cells row by row
 */
record GridLayout(Plan plan, List<String> rows, List<String> columns, List<List<Run>> cells) {
    private static final Strength NONE = Strength.of(0);

    /**
     * Lays a grid out.
     *
     * @param base adapters of all cells
     */
    static GridLayout of(LoraGrid grid, Plan plan, List<Lora> base) {
        Axis first = grid.axes().get(0);
        Axis last = grid.axes().get(grid.axes().size() - 1);
        boolean two = first != last;
        List<Steps> steps = two ? List.of() : steps(grid, plan);
        List<Run> known = new ArrayList<>();
        List<List<Run>> cells = new ArrayList<>();
        for (int row = 0; row < (two ? first.strengths() : steps).size(); row++) {
            List<Run> line = new ArrayList<>();
            for (Strength strength : last.strengths()) {
                List<Lora> active = new ArrayList<>();
                if (two) {
                    active.add(first.lora().strength(first.strengths().get(row)));
                }
                Lora lora = two ? last.lora() : last.lora().on(steps.get(row));
                active.add(lora.strength(strength));
                active.removeIf(each -> each.strength().equals(NONE));
                line.add(distinct(run(grid, plan, base, active), known));
            }
            cells.add(line);
        }
        return new GridLayout(
                plan,
                two ? labels(grid, first) : steps.stream().map(each -> label(each, plan)).toList(),
                labels(grid, last),
                cells);
    }

    private static List<Steps> steps(LoraGrid grid, Plan plan) {
        Steps own = grid.axes().get(0).lora().steps();
        if (!grid.steps().isEmpty() || own != null) {
            return grid.steps().isEmpty() ? List.of(own) : grid.steps();
        }
        return plan.phases().isEmpty()
                ? List.of(Steps.range(1, plan.levels().count()))
                : plan.phases().stream().map(phase -> Steps.parse(phase.name())).toList();
    }

    private static Run run(LoraGrid grid, Plan plan, List<Lora> base, List<Lora> active) {
        List<String> names = new ArrayList<>();
        for (Lora lora : active) {
            String steps = lora.steps() == null ? "" : "@" + lora.steps();
            names.add(title(grid, lora) + ":" + lora.strength() + steps);
        }
        List<Lora> all = new ArrayList<>(base);
        all.addAll(active);
        return new Run(names.isEmpty() ? "base" : String.join(" + ", names), plan, all);
    }

    private static Run distinct(Run run, List<Run> known) {
        Run same = known.stream().filter(run::isSameAs).findFirst().orElse(run);
        if (same == run) {
            known.add(run);
        }
        return same;
    }

    private static List<String> labels(LoraGrid grid, Axis axis) {
        Steps own = axis.lora().steps();
        String where = own == null || grid.axes().size() == 1 ? "" : " @" + own;
        return axis.strengths().stream()
                .map(strength -> title(grid, axis.lora()) + " " + strength + where)
                .toList();
    }

    private static String label(Steps steps, Plan plan) {
        return plan.phases().stream()
                .filter(phase -> phase.name().equals(steps.toString()))
                .map(phase -> "phase " + phase.name() + ", steps " + steps(phase))
                .findFirst()
                .orElse("steps " + steps);
    }

    private static Steps steps(Plan.Phase phase) {
        return Steps.range(phase.first(), phase.last());
    }

    /** The name of an adapter, or its path where the other has the same name. */
    private static String title(LoraGrid grid, Lora lora) {
        String name = AdapterPath.title(lora.path());
        long same =
                grid.axes().stream()
                        .map(axis -> axis.lora().path())
                        .distinct()
                        .filter(path -> AdapterPath.title(path).equals(name))
                        .count();
        return same > 1 ? lora.path().toString() : name;
    }

    /** The names of the runs, row by row. */
    List<List<String>> names() {
        return cells.stream().map(row -> row.stream().map(Run::name).toList()).toList();
    }

    /** The runs of all cells, each once. */
    List<Run> runs() {
        return cells.stream().flatMap(List::stream).distinct().toList();
    }
}
