package glance.pipeline;

import glance.api.AdapterSide;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Strength;
import glance.io.ModelFolder;
import glance.lora.AdapterPath;
import glance.model.Family;
import glance.model.ReferenceRules;
import glance.schedule.Seeds;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * A {@link Request} without gaps: everything that decides how pictures of a model look.
 *
 * @param prompts one or more, none empty
 * @param negative what guidance leads away from
 * @param seed of the first picture of each prompt; the others count up from it
 * @param batch pictures per prompt, made side by side
 * @param width in pixels, a multiple of the model's unit
 * @param height in pixels, a multiple of the model's unit
 * @param guidance its strength, counted as the model card does
 * @param plan the steps
 * @param loras adapters beside those of the plan; each is one file
 * @param maxPromptTokens tokens of a prompt that are read; 0 for the model's own number
 * @param references pictures that the model looks at
 * @param start the picture that the drawing starts from, if not from noise alone
 */
public record Settings(
        List<String> prompts,
        String negative,
        long seed,
        int batch,
        int width,
        int height,
        Guidance guidance,
        Plan plan,
        List<Lora> loras,
        int maxPromptTokens,
        List<ReferencePicture> references,
        Optional<StartPicture> start) {

    public Settings {
        prompts = List.copyOf(prompts);
        loras = List.copyOf(loras);
        references = List.copyOf(references);
    }

    /** Settings without references that read as many tokens as the model does by itself. */
    public Settings(
            List<String> prompts,
            String negative,
            long seed,
            int batch,
            int width,
            int height,
            Guidance guidance,
            Plan plan,
            List<Lora> loras) {
        this(prompts, negative, seed, batch, width, height, guidance, plan, loras, 0, List.of());
    }

    /** Settings of a drawing from noise alone. */
    public Settings(
            List<String> prompts,
            String negative,
            long seed,
            int batch,
            int width,
            int height,
            Guidance guidance,
            Plan plan,
            List<Lora> loras,
            int maxPromptTokens,
            List<ReferencePicture> references) {
        this(
                prompts,
                negative,
                seed,
                batch,
                width,
                height,
                guidance,
                plan,
                loras,
                maxPromptTokens,
                references,
                Optional.empty());
    }

    /**
     * Fills the gaps of a request: the plan is that of the adapters, else the model's; adapters are
     * those that the model carries for the plan; guidance and strength are what the plan advises;
     * the rest is what its folder says in {@code glance.json}, else what its family wants; the seed
     * is random. Pictures are read, and give what is drawn its size: that to start from, or else
     * the references.
     *
     * @throws RequestException if the model cannot read so many tokens of a prompt, takes fewer
     *     references, or what is said of the picture to start from makes no sense
     * @throws glance.api.FormatException if a picture, an adapter or a file of the model is damaged
     */
    public static Settings of(Request request, ModelFolder folder) {
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        List<Lora> named = AdapterPath.expand(request.loras().orElse(List.of()));
        Plan plan =
                request.plan()
                        .or(() -> OwnExperts.plan(named))
                        .or(() -> SpeedAdapters.plan(named))
                        .orElse(defaults.plan());
        Plan.Advice advice = plan.advice();
        List<ReferencePicture> references = references(request, folder);
        Optional<StartPicture> start = request.init().map(StartPicture::read);
        Request.Size size = request.size().orElseGet(() -> usualSize(start, references, folder));
        return new Settings(
                request.prompts(),
                request.negative().orElse(defaults.negative()),
                request.seed().orElseGet(Seeds::random),
                request.batch(),
                size.width(),
                size.height(),
                new Guidance(
                        request.guidance().orElseGet(() -> number(advice, defaults)),
                        defaults.form(),
                        defaults.rescale(),
                        request.guidanceLimit().orElse(0f),
                        request.embeddedGuidance()
                                .orElse(or(advice.embeddedGuidance(), defaults.embeddedGuidance())),
                        request.adaptersOn().orElse(AdapterSide.BOTH)),
                plan,
                request.loras().isPresent()
                        ? named.stream().map(lora -> strong(lora, advice)).toList()
                        : OwnExperts.of(folder, plan),
                family.promptTokens(folder).of(request.maxPromptTokens().orElse(0)),
                references,
                start);
    }

    /** The size of what a request draws: what it says, or else what its pictures have. */
    public static Request.Size size(Request request, ModelFolder folder) {
        return request.size().orElseGet(() -> usualSize(request, folder));
    }

    /** The size that the pictures of a request have, or else the model's own. */
    public static Request.Size usualSize(Request request, ModelFolder folder) {
        return usualSize(
                request.init().map(StartPicture::read), references(request, folder), folder);
    }

    /** Counted before one is read: many large pictures are much memory. */
    private static List<ReferencePicture> references(Request request, ModelFolder folder) {
        ReferenceCheck.require(request.references().size(), Families.of(folder), folder);
        return request.references().stream().map(ReferencePicture::read).toList();
    }

    /** The same where there are only references. */
    public static Request.Size usualSize(List<ReferencePicture> references, ModelFolder folder) {
        return usualSize(Optional.empty(), references, folder);
    }

    private static Request.Size usualSize(
            Optional<StartPicture> start, List<ReferencePicture> references, ModelFolder folder) {
        Family family = Families.of(folder);
        if (start.isPresent()) {
            return start.get().size(family.geometry(folder));
        }
        Optional<ReferenceRules> rules = family.references(folder);
        if (rules.isPresent() && !references.isEmpty()) {
            int leading = rules.get().leading(references.size());
            BufferedImage picture = references.get(leading).picture();
            return rules.get().result(picture.getWidth(), picture.getHeight());
        }
        int side = family.geometry(folder).defaultSize();
        return new Request.Size(side, side);
    }

    /** The model card's number for what a plan advises, or else the model's own. */
    private static float number(Plan.Advice advice, Family.Defaults defaults) {
        return advice.guidance() == null
                ? defaults.guidance()
                : defaults.form().number(advice.guidance());
    }

    private static float or(Float first, float second) {
        return first == null ? second : first;
    }

    private static Lora strong(Lora lora, Plan.Advice advice) {
        boolean advised = lora.strength().equals(Strength.OF_PLAN) && advice.strength() != null;
        return advised ? lora.strength(advice.strength()) : lora;
    }

    /** A request that says all of this. */
    public Request request() {
        Request request =
                Request.of(prompts)
                        .negative(negative)
                        .seed(seed)
                        .batch(batch)
                        .size(width, height)
                        .guidance(guidance.number())
                        .guidanceLimit(guidance.limit())
                        .embeddedGuidance(guidance.embedded())
                        .adaptersOn(guidance.adaptersOn())
                        .plan(plan)
                        .loras(loras)
                        .references(references.stream().map(ReferencePicture::file).toList());
        if (start.isPresent()) {
            request = request.init(start.get().init());
        }
        return maxPromptTokens == 0 ? request : request.maxPromptTokens(maxPromptTokens);
    }

    /**
     * The number of the first step that is run: a picture to start from takes the place of some.
     */
    public int firstStep() {
        int steps = plan.levels().count();
        return 1 + start.map(picture -> picture.skipped(steps)).orElse(0);
    }

    /** How many steps each picture takes. */
    public int steps() {
        return plan.levels().count() - firstStep() + 1;
    }

    /** The pictures that latents depend on, as text: equal for equal results. */
    public List<String> pictureKeys() {
        List<String> keys = new ArrayList<>();
        references.forEach(seen -> keys.add(seen.hash()));
        start.ifPresent(picture -> keys.addAll(picture.key()));
        return keys;
    }

    /** The same with other adapters. */
    public Settings withLoras(List<Lora> others) {
        return with(plan, others);
    }

    /** The same with another plan and other adapters. */
    public Settings with(Plan otherPlan, List<Lora> otherLoras) {
        return new Settings(
                prompts,
                negative,
                seed,
                batch,
                width,
                height,
                guidance,
                otherPlan,
                otherLoras,
                maxPromptTokens,
                references,
                start);
    }

    /** The size as people write it. */
    public String size() {
        return width + "x" + height;
    }

    /** The texts that are encoded for each prompt: it, and with guidance the negative prompt. */
    List<List<String>> batches() {
        List<List<String>> batches = new ArrayList<>();
        for (String prompt : prompts) {
            List<String> batch = new ArrayList<>(Collections.nCopies(this.batch, prompt));
            if (guidance.isActive()) {
                batch.addAll(Collections.nCopies(this.batch, negative));
            }
            batches.add(batch);
        }
        return batches;
    }
}
