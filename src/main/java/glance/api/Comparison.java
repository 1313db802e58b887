package glance.api;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Plans and adapters beside each other: for each prompt and seed the teacher and all other runs
 * start from the same noise, and each is measured by its distance to the teacher.
 *
 * <pre>{@code
 * Comparison.of(Request.of("a red fox in snow").seed(42).batch(3)).run("glance").run("uniform-10");
 * Comparison.of(Request.of("a red fox in snow").seed(42)).grid(LoraGrid.of(Lora.of(slow), 0, 1));
 * }</pre>
 *
 * Each method returns a changed copy. Values are checked against a model when they meet one.
 */
public final class Comparison {
    /** The name of the run that the others are measured against. */
    public static final String TEACHER = "teacher";

    private static final int SHEET_ROWS = 24;

    private final Request request;
    private Run teacher = new Run(TEACHER, Plans.FULL, List.of());
    private List<Run> runs = List.of();
    private LoraGrid grid;
    private String against = TEACHER;
    private List<String> scenes = List.of();
    private Path cache;
    private Path picturesTo;
    private int sheetRows = SHEET_ROWS;
    private Map<String, String> about = Map.of();

    /**
     * A way to make pictures.
     *
     * @param name for tables and labels
     * @param plan the steps
     * @param loras adapters beside those of the plan; without any, not even the model's own
     */
    public record Run(String name, Plan plan, List<Lora> loras) {
        public Run {
            loras = List.copyOf(loras);
        }

        /** Whether the two make the same pictures, whatever they are called. */
        public boolean isSameAs(Run other) {
            return plan.levels().equals(other.plan.levels())
                    && plan.phases().equals(other.plan.phases())
                    && plan.adapters().equals(other.plan.adapters())
                    && loras.equals(other.loras);
        }
    }

    private Comparison(Request request) {
        this.request = request;
    }

    private Comparison with(Consumer<Comparison> change) {
        Comparison copy = new Comparison(request);
        copy.teacher = teacher;
        copy.runs = runs;
        copy.grid = grid;
        copy.against = against;
        copy.scenes = scenes;
        copy.cache = cache;
        copy.picturesTo = picturesTo;
        copy.sheetRows = sheetRows;
        copy.about = about;
        change.accept(copy);
        return copy;
    }

    /**
     * What all runs share: prompts, size, guidance, and as the batch the seeds of each prompt. Plan
     * and adapters belong to the runs; in a grid those of the request are for all cells.
     */
    public static Comparison of(Request shared) {
        return new Comparison(shared);
    }

    /** The teacher: the model alone on a plan; if nothing is said, all 50 steps. */
    public Comparison teacher(Plan plan) {
        return with(c -> c.teacher = new Run(TEACHER, plan, List.of()));
    }

    /**
     * The same by the name of a plan.
     *
     * @throws RequestException if no plan has this name
     */
    public Comparison teacher(String plan) {
        return teacher(Plans.of(plan));
    }

    /** One run more. */
    public Comparison run(Run run) {
        List<Run> all = new ArrayList<>(runs);
        all.add(run);
        return with(c -> c.runs = List.copyOf(all));
    }

    /**
     * One run more: the model alone on a plan.
     *
     * @throws RequestException if no plan has this name
     */
    public Comparison run(String plan) {
        Plan steps = Plans.of(plan);
        return run(new Run(steps.name(), steps, List.of()));
    }

    /** In place of runs, strengths of adapters in rows and columns; of one prompt and one seed. */
    public Comparison grid(LoraGrid cells) {
        return with(c -> c.grid = cells);
    }

    /** The name of the run beside which others have won and lost pictures of scenes. */
    public Comparison against(String run) {
        return with(c -> c.against = run);
    }

    /**
     * What the pictures must show, so that they are scored: for each prompt a JSON object like
     * those in {@code eval/scenes.jsonl}, or null.
     */
    public Comparison scenes(List<String> json) {
        return with(c -> c.scenes = new ArrayList<>(json));
    }

    /** A folder in which runs are kept, and found again by later comparisons; made if missing. */
    public Comparison cache(Path folder) {
        return with(c -> c.cache = folder);
    }

    /** A folder for every picture in full size, as soon as it is there; made if missing. */
    public Comparison picturesTo(Path folder) {
        return with(c -> c.picturesTo = folder);
    }

    /** Rows of the contact sheet at most. */
    public Comparison sheetRows(int most) {
        return with(c -> c.sheetRows = most);
    }

    /** One line more at the head of the report. */
    public Comparison about(String key, String value) {
        Map<String, String> all = new LinkedHashMap<>(about);
        all.put(key, value);
        return with(c -> c.about = all);
    }

    /** What all runs share. */
    public Request request() {
        return request;
    }

    /** The run that the others are measured against. */
    public Run teacher() {
        return teacher;
    }

    /** The others. */
    public List<Run> runs() {
        return runs;
    }

    /** The grid, if it is one. */
    public Optional<LoraGrid> grid() {
        return Optional.ofNullable(grid);
    }

    /** The name of the run that others are paired with. */
    public String against() {
        return against;
    }

    /** What the pictures of each prompt must show, or null; empty if nothing was said. */
    public List<String> scenes() {
        return new ArrayList<>(scenes);
    }

    /** Where runs are kept, if it was said. */
    public Optional<Path> cache() {
        return Optional.ofNullable(cache);
    }

    /** Where pictures go in full size, if it was said. */
    public Optional<Path> picturesTo() {
        return Optional.ofNullable(picturesTo);
    }

    /** Rows of the contact sheet at most. */
    public int sheetRows() {
        return sheetRows;
    }

    /** Lines at the head of the report, by key. */
    public Map<String, String> about() {
        return new LinkedHashMap<>(about);
    }
}
