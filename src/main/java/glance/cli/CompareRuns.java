package glance.cli;

import glance.api.Lora;
import glance.api.Plan;
import glance.compare.Contender;
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
import picocli.CommandLine.Option;

/** The options that say which runs take part. */
final class CompareRuns {
    /** In place of a file: the adapters that the model carries for the plan. */
    private static final String OWN = "own";

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
            paramLabel = "NAME=PLAN[,FILE[:scale][@steps]...]",
            description =
                    "A run with adapters; own in place of a FILE means those that the model has for"
                            + " the plan. May be given several times.")
    private List<String> runs = new ArrayList<>();

    @Option(
            names = "--preset",
            paramLabel = "PRESET",
            split = ",",
            description = "Sets of runs with --slow and --fast: controls, sweep; see below.")
    private List<String> presets = new ArrayList<>();

    @Option(
            names = "--preset-plan",
            paramLabel = "PLAN",
            defaultValue = "glance",
            description = "The plan of the presets. Default: ${DEFAULT-VALUE}.")
    private String presetPlan;

    @Option(
            names = "--slow",
            paramLabel = "FILE[:scale]",
            description = "The expert for the slow phase.")
    private String slow;

    @Option(
            names = "--fast",
            paramLabel = "FILE[:scale]",
            description = "The expert for the fast phase.")
    private String fast;

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

    String against() {
        return against;
    }

    Contender teacher() {
        return new Contender("teacher", argument("--teacher", teacher, PlanJson::find), List.of());
    }

    /**
     * All runs in the order plans, presets, runs. What two presets share is run once.
     *
     * @param folder whose own adapters are meant by {@code own}
     * @throws WrongUseException if there is none, or an option makes no sense
     */
    List<Contender> contenders(ModelFolder folder) {
        List<Contender> all = new ArrayList<>();
        for (String text : plans) {
            Plan plan = argument("--plans", text, PlanJson::find);
            all.add(new Contender(plan.name(), plan, List.of()));
        }
        for (String name : presets) {
            for (Contender contender : preset(name)) {
                if (all.stream().noneMatch(contender::isSameAs)) {
                    all.add(contender);
                }
            }
        }
        runs.forEach(text -> all.add(run(text, folder)));
        if (all.isEmpty()) {
            throw new WrongUseException(
                    "nothing to compare with the teacher; use --plans, --preset or --run");
        }
        return all;
    }

    private List<Contender> preset(String name) {
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
        if (slow == null || fast == null) {
            throw new WrongUseException("--preset " + name + ": needs --slow FILE and --fast FILE");
        }
        Preset.Experts experts =
                new Preset.Experts(
                        argument("--slow", slow, AdapterNames::parse),
                        argument("--fast", fast, AdapterNames::parse));
        Plan plan = argument("--preset-plan", presetPlan, PlanJson::find);
        return argument("--preset-plan", plan, spec -> preset.contenders(spec, experts));
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

    private static Contender run(String text, ModelFolder folder) {
        Matcher matcher = RUN.matcher(text);
        if (!matcher.matches()) {
            throw new WrongUseException(
                    "--run " + text + ": expected NAME=PLAN[,FILE[:scale][@steps]...]");
        }
        // Steps may have commas themselves (@1-3,7): what starts with a digit goes on with them.
        String[] parts = matcher.group(2).split(",(?!\\d)");
        Plan plan = argument("--run", parts[0], PlanJson::find);
        List<Lora> adapters =
                Arrays.stream(parts)
                        .skip(1)
                        .flatMap(part -> adapters(part, plan, folder).stream())
                        .toList();
        return new Contender(matcher.group(1), plan, adapters);
    }

    private static List<Lora> adapters(String part, Plan plan, ModelFolder folder) {
        if (!part.equals(OWN)) {
            return argument("--run", part, AdapterNames::parseAll);
        }
        List<Lora> own = OwnExperts.carried(folder, plan);
        if (own.isEmpty()) {
            throw new WrongUseException(
                    "--run: own: the model has no experts of its own for the plan " + plan.name());
        }
        return own;
    }

    /** A refusal of an argument is wrong use. */
    private static <S, T> T argument(String option, S value, Function<S, T> parse) {
        try {
            return parse.apply(value);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(option + ": " + e.getMessage());
        }
    }
}
