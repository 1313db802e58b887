package glance.cli.compare;

import glance.api.Comparison;
import glance.api.Comparison.Run;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Request;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.compare.Preset;
import glance.io.ModelFolder;
import glance.picture.AdapterNames;
import glance.pipeline.OwnExperts;
import glance.schedule.PlanJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say which runs take part. */
final class CompareRuns {
    /** In place of a file: the adapters that the model carries for the plan. */
    private static final String OWN = "own";

    private static final String SYNTAX = "NAME=PLAN[," + Lora.SYNTAX + "...]";

    private static final Pattern RUN = Pattern.compile("([\\p{L}\\p{N}][^=,]{0,39})=(.+)");

    @Option(
            names = "--plans",
            paramLabel = "PLAN",
            split = ",",
            arity = "1..*",
            description =
                    "Run the model without adapters, its own too, on these plans: names or JSON"
                            + " files (whose adapters are used).")
    private List<String> plans = new ArrayList<>();

    @Option(
            names = "--run",
            paramLabel = SYNTAX,
            description =
                    "A run with adapters; own in place of a FILE means those that the model has for"
                            + " the plan. May be given several times.")
    private List<String> runs = new ArrayList<>();

    @Option(
            names = "--preset",
            paramLabel = "PRESET",
            split = ",",
            description = "Sets of runs with --slow and --fast: controls, sweep, speed; see below.")
    private List<String> presets = new ArrayList<>();

    @Option(
            names = {"--plan", "--preset-plan"},
            paramLabel = "PLAN",
            description =
                    "The plan of --preset and --lora-grid. Default: glance; of a grid that of its"
                            + " adapters, else the model's own.")
    private String plan;

    @Option(
            names = "--slow",
            paramLabel = "FILE[:STRENGTH]",
            description = "The expert for the slow phase.")
    private String slow;

    @Option(
            names = "--fast",
            paramLabel = "FILE[:STRENGTH]",
            description = "The expert for the fast phase.")
    private String fast;

    @Option(
            names = "--speed",
            paramLabel = "FILE[:STRENGTH]",
            arity = "1..*",
            description =
                    "Adapters for few steps, for --preset speed: Qwen-Image-Lightning,"
                            + " FLUX.1-Turbo-Alpha, Hyper-FLUX.1-dev-8steps.")
    private List<String> speed = new ArrayList<>();

    @Mixin private GridOptions grid;

    @Option(
            names = "--teacher",
            paramLabel = "PLAN",
            defaultValue = "full",
            description =
                    "What all are measured against: the model alone on this plan. Default:"
                            + " ${DEFAULT-VALUE} (50 steps).")
    private String teacher;

    @Option(
            names = "--against",
            paramLabel = "RUN",
            defaultValue = "teacher",
            description =
                    "The run beside which others have won and lost pictures. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String against;

    /**
     * The comparison of these runs.
     *
     * @param shared what they have in common
     * @param folder whose own adapters are meant by {@code own}
     * @throws WrongUseException if there is none, or an option makes no sense
     */
    Comparison of(Session session, Request shared, ModelFolder folder) {
        boolean isGrid = grid.isGiven();
        if (!isGrid) {
            grid.requireNone();
        }
        if (plan != null && !isGrid && presets.isEmpty()) {
            throw new WrongUseException(
                    "--plan: is the plan of --preset and --lora-grid; others are named with"
                            + " --plans");
        }
        Request request =
                isGrid && plan != null
                        ? shared.plan(argument("--plan", plan, PlanJson::find))
                        : shared;
        Comparison comparison =
                Comparison.of(request)
                        .teacher(argument("--teacher", teacher, PlanJson::find))
                        .against(against);
        for (Run run : contenders(session, folder)) {
            comparison = comparison.run(run);
        }
        return isGrid ? comparison.grid(grid.grid(session)) : comparison;
    }

    /**
     * All runs in the order plans, presets, runs. What two presets share is run once.
     *
     * @param folder whose own adapters are meant by {@code own}
     * @throws WrongUseException if there is none, or an option makes no sense
     */
    List<Run> contenders(Session session, ModelFolder folder) {
        List<Run> all = new ArrayList<>();
        for (String text : plans) {
            Plan steps = argument("--plans", text, PlanJson::find);
            all.add(new Run(steps.name(), steps, List.of()));
        }
        for (String name : presets) {
            for (Run run : preset(session, name)) {
                if (all.stream().noneMatch(run::isSameAs)) {
                    all.add(run);
                }
            }
        }
        runs.forEach(text -> all.add(run(session, text, folder)));
        if (all.isEmpty() && !grid.isGiven()) {
            throw new WrongUseException(
                    "nothing to compare with the teacher; use --plans, --preset, --run or"
                            + " --lora-grid");
        }
        return all;
    }

    private List<Run> preset(Session session, String name) {
        Preset preset =
                Arrays.stream(Preset.values())
                        .filter(p -> p.name().toLowerCase(Locale.ROOT).equals(name))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new WrongUseException(
                                                "--preset "
                                                        + name
                                                        + ": expected one of "
                                                        + known()));
        boolean needsSpeed = preset == Preset.SPEED;
        if (slow == null || fast == null || needsSpeed && speed.isEmpty()) {
            throw new WrongUseException(
                    "--preset "
                            + name
                            + ": needs --slow FILE and --fast FILE"
                            + (needsSpeed ? ", and --speed FILE..." : ""));
        }
        if (!needsSpeed && !speed.isEmpty()) {
            throw new WrongUseException("--speed: goes with --preset speed");
        }
        Preset.Experts experts =
                new Preset.Experts(
                        argument("--slow", slow, text -> Names.lora(session, text)),
                        argument("--fast", fast, text -> Names.lora(session, text)),
                        speed.stream()
                                .map(s -> argument("--speed", s, text -> Names.lora(session, text)))
                                .toList());
        Plan steps = plan == null ? Plans.GLANCE : argument("--plan", plan, PlanJson::find);
        return argument("--preset " + name, steps, spec -> preset.runs(spec, experts));
    }

    private static String known() {
        return Arrays.stream(Preset.values())
                .map(preset -> preset.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    /**
     * One line about the plans of {@code --plans} that the model has adapters of its own for: these
     * runs go without. Null if there are none.
     */
    String noteWithoutOwn(ModelFolder folder) {
        List<String> names =
                plans.stream()
                        .map(text -> argument("--plans", text, PlanJson::find))
                        .filter(plan -> !OwnExperts.carried(folder, plan).isEmpty())
                        .map(Plan::name)
                        .toList();
        return names.isEmpty()
                ? null
                : String.join(" and ", names)
                        + " of --plans without the model's own experts; --run own="
                        + names.get(0)
                        + ",own adds them";
    }

    private static Run run(Session session, String text, ModelFolder folder) {
        Matcher matcher = RUN.matcher(text);
        if (!matcher.matches()) {
            throw new WrongUseException("--run " + text + ": expected " + SYNTAX);
        }
        List<String> parts = AdapterNames.split(matcher.group(2), OWN);
        Plan plan = argument("--run", parts.get(0), PlanJson::find);
        List<Lora> adapters =
                parts.stream()
                        .skip(1)
                        .flatMap(part -> adapters(session, part, plan, folder).stream())
                        .toList();
        return new Run(matcher.group(1), plan, adapters);
    }

    private static List<Lora> adapters(
            Session session, String part, Plan plan, ModelFolder folder) {
        if (!part.equals(OWN)) {
            return argument("--run", part, text -> Names.loras(session, text));
        }
        List<Lora> own = OwnExperts.carried(folder, plan);
        if (own.isEmpty()) {
            throw new WrongUseException(
                    "--run: own: the model has no experts of its own for the plan " + plan.name());
        }
        return own;
    }

    /** A refusal of an argument is wrong use. */
    static <S, T> T argument(String option, S value, Function<S, T> parse) {
        try {
            return parse.apply(value);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(option + ": " + e.getMessage());
        }
    }
}
