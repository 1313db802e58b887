package glance.cli.common;

import glance.api.Init;
import glance.api.Lora;
import glance.api.ModelParts;
import glance.api.Plan;
import glance.api.Request;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.PromptTokens;
import glance.picture.AdapterNames;
import glance.picture.PictureText;
import glance.picture.RecordedStart;
import glance.pipeline.Families;
import glance.pipeline.ModelFiles;
import glance.pipeline.OwnExperts;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import glance.text.PrintableText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The options that decide how pictures look. What the user does not say comes from the picture of
 * {@code --from}, and else from the model.
 */
public final class SettingsOptions {
    public static final int MAX_BATCH = 1000;
    private static final int MAX_LISTED = 10;

    @Parameters(
            paramLabel = "PROMPT",
            arity = "0..*",
            description = "What to draw; several are drawn one after the other.")
    private List<String> prompts = new ArrayList<>();

    @Option(names = "--prompt", hidden = true)
    private List<String> namedPrompts = new ArrayList<>();

    private boolean piped;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description =
                    "Read prompts from a text file, one on each line (- for stdin, which is also read"
                            + " where no prompt is given). Lines that begin with # are skipped.")
    private Path promptFile;

    @Mixin private ModelOption model;

    @Option(
            names = "--plan",
            paramLabel = "PLAN",
            description =
                    "The steps: a name or a JSON file, see below. Default: that of the adapters, else"
                            + " the model's own, which the command info shows.")
    private String plan;

    @Option(
            names = "--lora",
            paramLabel = Lora.SYNTAX,
            description = {
                "Add an adapter: a file, a PEFT folder, a folder that train made, or ORG/NAME[/FILE]"
                        + " of the hub. May be given several times.",
                "STRENGTH: a number (default 1), a ramp 0.2..1 over its steps, or a list 1/0.8/0.5"
                        + " with one for each.",
                "STEPS: numbers 1-5 or 1-3,7, a phase slow, a share of the run 0%%-25%%, or noise"
                        + " levels sigma=1..0.8. An adapter for the first steps alone is"
                        + " sda.safetensors@1-2. Text encoders know no steps: they take the first"
                        + " strength."
            })
    private List<String> loras = new ArrayList<>();

    @Option(
            names = "--no-lora",
            description =
                    "Use no adapter, not even those that a model folder carries for the plan.")
    private boolean noLora;

    @Option(
            names = "--negative",
            paramLabel = "TEXT",
            description = "What guidance leads away from. Default: the model's own.")
    private String negative;

    @Mixin private ReferenceOption references;
    @Mixin private StartOptions start;
    @Mixin private GuidanceOptions guidance;
    @Mixin private SizeOption size;
    @Mixin private PromptTokensOption promptTokens;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = SeedConverter.class,
            description =
                    "Start noise, 0 to 2^64 - 1; equal to that of diffusers on the CPU. -1, and the"
                            + " default: random.")
    private Long seed;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Pictures for each prompt, with seeds counting up. Default: 1.")
    private int batch = 1;

    @Option(
            names = "--from",
            paramLabel = "PICTURE",
            description =
                    "Take the settings of a picture made here, or of one by another program that"
                            + " writes them as AUTOMATIC1111 does; other options override them.")
    private Path from;

    /**
     * Settings without gaps, and the model that they are for.
     *
     * @param name of the model, as the user wrote it
     */
    public record Resolved(String name, ModelFolder folder, Settings settings) {}

    /** Takes prompts from what is piped in, where the user names none. */
    public void readPiped(Session session) throws IOException {
        if (prompts.isEmpty() && namedPrompts.isEmpty() && promptFile == null && from == null) {
            prompts = Prompts.readPiped(session);
            piped = true;
        }
    }

    /** Whether the arguments look like the words of one prompt whose quotes were forgotten. */
    public boolean lookUnquoted() {
        return !piped && Prompts.lookUnquoted(prompts);
    }

    /** The picture of {@code --from}, or null. */
    public Path from() {
        return from;
    }

    /**
     * Fills the gaps.
     *
     * @param session takes lines about the picture of {@code --from}, which alone makes nothing
     *     come from the hub
     * @throws WrongUseException if an argument makes no sense
     */
    public Resolved resolve(Session session) throws IOException {
        PictureText.Recipe recipe = from == null ? null : PictureText.read(from);
        if (recipe != null) {
            announce(recipe, session::note);
        }
        String modelName = model.given();
        if (modelName == null) {
            modelName = recipe != null && recipe.isOwn() ? recipe.model() : model.name();
        }
        List<String> allPrompts = prompts(recipe);
        if (batch < 1 || batch > MAX_BATCH) {
            throw new WrongUseException("--batch " + batch + ": must be 1 to " + MAX_BATCH);
        }
        List<Lora> named = named(session, recipe);
        Plan given = plan == null ? null : argument("--plan", plan, PlanJson::find);
        boolean recorded = model.given() == null && recipe != null;
        ModelFolder folder =
                ModelFiles.open(
                        model.path(
                                model.given() == null ? session.withoutNetwork() : session,
                                modelName),
                        model.parts().over(recorded ? recipe.parts() : ModelParts.NONE),
                        what -> {});
        Request request =
                recipe == null
                        ? Request.of(allPrompts)
                        : recipe.requestFor(Families.defaults(folder).form().off());
        request = request.prompts(allPrompts).batch(batch);
        request = set(request, given, Request::plan);
        request = set(request, negative, Request::negative);
        request = set(request, seed, Request::seed);
        request = request.references(references(recipe));
        request = set(request, start(recipe), Request::init);
        request = set(request, adapters(recipe, named, folder, given), Request::loras);
        request = numbers(request, recipe, folder);
        return new Resolved(modelName, folder, Settings.of(request, folder));
    }

    /**
     * Size, guidance and tokens, which depend on the model. The size of the picture of {@code
     * --from} does not go with another canvas.
     */
    private Request numbers(Request request, PictureText.Recipe recipe, ModelFolder folder) {
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        RecordedStart recorded = recipe == null ? null : recipe.start().orElse(null);
        boolean isOther = start.changeCanvas(recorded);
        Request result =
                request.size(
                        size.over(
                                () ->
                                        isOther
                                                ? Settings.usualSize(request, folder)
                                                : Settings.size(request, folder)));
        result = set(result, guidance.scale(defaults), Request::guidance);
        result = set(result, guidance.limit(), Request::guidanceLimit);
        result = set(result, guidance.embedded(defaults), Request::embeddedGuidance);
        result = set(result, guidance.adaptersOn(), Request::adaptersOn);
        return result.maxPromptTokens(promptTokens(recipe, family.promptTokens(folder)));
    }

    /** The references that the user names, else those of the picture of {@code --from}. */
    private List<Path> references(PictureText.Recipe recipe) {
        return recipe == null || !references.files().isEmpty()
                ? references.files()
                : recipe.references().stream().map(seen -> seen.find(from, "--reference")).toList();
    }

    /** What is drawn from: what the user says, else what the picture of {@code --from} says. */
    private Init start(PictureText.Recipe recipe) {
        Optional<RecordedStart> recorded = recipe == null ? Optional.empty() : recipe.start();
        return start.init(recorded.map(r -> r.find(from, start.picture(), start.mask())))
                .orElse(null);
    }

    /** The request with a value, if it was given. */
    public static <T> Request set(
            Request request, T given, BiFunction<Request, T, Request> setter) {
        return given == null ? request : setter.apply(request, given);
    }

    /** Says which files the picture names, before any is opened, and what has no meaning here. */
    private void announce(PictureText.Recipe recipe, Consumer<String> note) {
        Set<String> files = new LinkedHashSet<>();
        if (recipe.isOwn()) {
            if (model.given() == null) {
                files.add(recipe.model());
                recipe.parts().files().values().forEach(file -> files.add(file.toString()));
            }
            if (loras.isEmpty() && !noLora) {
                files.addAll(recipe.adapters());
            }
            if (references.files().isEmpty()) {
                recipe.references().forEach(seen -> files.add(seen.file()));
            }
            recipe.start().ifPresent(recorded -> files.addAll(files(recorded)));
            if (plan == null) {
                recipe.request()
                        .plan()
                        .ifPresent(
                                p ->
                                        p.adapters().values().stream()
                                                .flatMap(List::stream)
                                                .forEach(adapter -> files.add(adapter.text())));
            }
        }
        files.removeIf(AdapterNames::isBuiltIn);
        if (!files.isEmpty()) {
            note.accept(
                    from
                            + " names these files: "
                            + PrintableText.some(List.copyOf(files), MAX_LISTED));
        }
        if (!recipe.isOwn()) {
            note.accept(
                    from
                            + ": made by another program; not taken over: "
                            + (recipe.left().isEmpty()
                                    ? "nothing"
                                    : PrintableText.some(recipe.left(), MAX_LISTED)));
        }
    }

    private List<String> files(RecordedStart recorded) {
        List<String> files = new ArrayList<>();
        if (start.picture() == null) {
            files.add(recorded.picture().file());
        }
        if (start.mask() == null && recorded.mask() != null) {
            files.add(recorded.mask().file());
        }
        return files;
    }

    /** A picture's own number where the model can read so many, as another model may not. */
    private int promptTokens(PictureText.Recipe recipe, PromptTokens known) {
        int recorded = recipe == null ? 0 : recipe.request().maxPromptTokens().orElse(0);
        return promptTokens.given() == null && recorded <= known.most()
                ? known.of(recorded)
                : promptTokens.resolve(known);
    }

    private List<String> prompts(PictureText.Recipe recipe) throws IOException {
        List<String> all = new ArrayList<>(Prompts.check(prompts));
        all.addAll(Prompts.check(namedPrompts));
        if (promptFile != null) {
            all.addAll(Prompts.read(promptFile));
        }
        if (all.isEmpty() && recipe != null) {
            all.addAll(recipe.request().prompts());
        }
        if (all.isEmpty()) {
            throw new WrongUseException(
                    "no prompt given; say what to draw, such as generate \"a red circle\"");
        }
        return all;
    }

    /** The adapters that the user or the picture names. */
    private List<Lora> named(Session session, PictureText.Recipe recipe) {
        if (noLora && !loras.isEmpty()) {
            throw new WrongUseException("--lora and --no-lora: give one of them");
        }
        boolean recorded = loras.isEmpty() && recipe != null && recipe.isOwn() && !noLora;
        List<String> texts = recorded ? recipe.adapters() : loras;
        Session asked = recorded ? session.withoutNetwork() : session;
        return texts.stream()
                .flatMap(text -> argument("--lora", text, t -> Names.loras(asked, t)).stream())
                .toList();
    }

    /**
     * The adapters to use; null for those that the model carries for the plan. Where another plan
     * takes the place of a picture's, those that the model carried for that one go.
     */
    private List<Lora> adapters(
            PictureText.Recipe recipe, List<Lora> named, ModelFolder folder, Plan given) {
        if (noLora || !loras.isEmpty()) {
            return named;
        }
        if (recipe == null || !recipe.isOwn()) {
            return null;
        }
        boolean carried = named.stream().anyMatch(adapter -> OwnExperts.isOf(folder, adapter));
        if (given == null || !carried) {
            return named;
        }
        List<Lora> result = new ArrayList<>(OwnExperts.of(folder, given));
        named.stream().filter(adapter -> !OwnExperts.isOf(folder, adapter)).forEach(result::add);
        return result;
    }

    /** A refusal of an argument's text is wrong use. */
    private static <T> T argument(String option, String text, Function<String, T> parse) {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(option + ": " + e.getMessage());
        }
    }
}
