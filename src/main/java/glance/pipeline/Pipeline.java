package glance.pipeline;

import glance.api.DeviceException;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Request.Size;
import glance.api.Residency;
import glance.backend.Device;
import glance.io.ModelFolder;
import glance.lora.Expert;
import glance.lora.ExpertSet;
import glance.lora.RunExperts;
import glance.lora.StepExperts;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.PromptEncoder;
import glance.model.ReferenceRules;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Prompt to picture, for any family and any number of runs. Parts of the model are opened when they
 * are needed; which of them stay is a matter of {@link Residency}. Encoded prompts and adapters
 * that were read stay for the next run. Not thread-safe: it belongs to the thread of its
 * operations.
 */
public final class Pipeline implements AutoCloseable {
    private final Ops ops;
    private final ModelFolder folder;
    private final Family family;
    private final NoiseSchedule schedule;
    private final Family.Geometry geometry;
    private final Parts parts;
    private final Texts texts;
    private final SeenPictures seen;
    private ReferenceRules given; // in place of the family's; null for those
    private final PassRoom room;
    private final PipelineExperts experts;
    private final Set<Drawing> open = new HashSet<>();
    private boolean closed;

    /**
     * Reads the model's configuration; weights are loaded by the first run.
     *
     * @param residency null to let the memory decide
     * @throws glance.api.FormatException if no known family runs this folder, or a config is
     *     unsupported
     */
    public Pipeline(Ops ops, ModelFolder folder, Residency residency) {
        this(ops, folder, new Parts(ops, Families.of(folder), folder, residency));
    }

    private Pipeline(Ops ops, ModelFolder folder, Parts parts) {
        this.ops = ops;
        this.folder = folder;
        this.family = Families.of(folder);
        this.schedule = family.schedule(folder);
        this.geometry = family.geometry(folder);
        this.parts = parts;
        this.texts = new Texts(ops, parts);
        this.seen = new SeenPictures(ops, parts, geometry);
        this.room = new PassRoom(ops.device(), folder, geometry, schedule);
        this.experts = new PipelineExperts(ops, family, folder, parts);
    }

    /** A pipeline for one part at a time, whose weights have known rooms. */
    static Pipeline in(WeightRooms rooms, Ops ops, ModelFolder folder) {
        return new Pipeline(ops, folder, Parts.in(rooms, ops, Families.of(folder), folder));
    }

    /** A pipeline around a denoiser that is open already, such as one in training. */
    public static Pipeline around(Denoiser denoiser, Ops ops, ModelFolder folder) {
        return new Pipeline(ops, folder, Parts.around(denoiser, ops, Families.of(folder), folder));
    }

    /**
     * A pipeline for a prompt that is encoded already.
     *
     * @param texts in place of the text encoders; not closed here
     * @param rules for references, in place of those of the model
     */
    public static Pipeline given(
            Ops ops, ModelFolder folder, PromptEncoder texts, ReferenceRules rules) {
        Pipeline pipeline =
                new Pipeline(ops, folder, Parts.given(texts, ops, Families.of(folder), folder));
        pipeline.given = rules;
        return pipeline;
    }

    /** The family of the model. */
    public Family family() {
        return family;
    }

    /** Sizes of pictures and latents. */
    public Family.Geometry geometry() {
        return geometry;
    }

    Ops ops() {
        return ops;
    }

    Parts parts() {
        return parts;
    }

    /** The steps at a size: sigmas depend on the number of tokens. */
    public PhasePlan plan(Settings settings) {
        return PhasePlan.of(settings.plan(), schedule, grid(settings).tokens());
    }

    TokenGrid grid(Settings settings) {
        return geometry.grid(settings.width(), settings.height());
    }

    /**
     * Checks settings without loading anything: values, plan, and whether a large picture fits.
     *
     * @throws glance.api.RequestException if they do not fit the model, naming the value
     * @throws DeviceException if the device has too little memory, with the largest size that works
     */
    public void check(Settings settings) {
        SettingsCheck.require(settings, family, folder);
        // names the largest size that works, where the plan would only refuse
        room.check(settings).require();
        require(settings);
    }

    /**
     * How many pictures of these settings have room on the device at a time, one at least.
     *
     * @param wanted so many at most
     */
    public int mostTogether(Settings settings, int wanted) {
        // rooms for weights that stream are made for the pictures of one run
        return parts.streamsWeights() ? 1 : room.most(settings, wanted);
    }

    /**
     * Checks values and plan alone, on any thread.
     *
     * @throws glance.api.RequestException if they do not fit the model, naming the value
     */
    public void require(Settings settings) {
        SettingsCheck.require(settings, family, folder);
        PhasePlan plan = plan(settings);
        loras(settings).forEach(lora -> ExpertReader.check(lora, plan));
    }

    /**
     * Makes the pictures of settings, prompt by prompt.
     *
     * @throws glance.api.RequestException if they do not fit the model, naming the value
     * @throws glance.api.FormatException if a file of the model or an adapter is damaged or does
     *     not fit
     * @throws glance.api.CancelledException if the listener asked for it
     */
    public List<ImageResult> run(Settings settings, RunListener listener) {
        try (Drawing drawing = prepare(settings, listener)) {
            OneDrawing one = new OneDrawing();
            run(List.of(drawing), one);
            return one.pictures();
        }
    }

    /**
     * Makes the pictures of drawings that join the first in the same forward passes. Where memory
     * is short, those of fewer at a time.
     *
     * @param ends hears of each drawing once
     */
    public void run(List<Drawing> drawings, DrawingEnds ends) {
        new SharedRun(drawings, ends).run();
    }

    /**
     * Makes settings ready: encodes their prompts and references, reads their adapters.
     *
     * @param listener hears of everything that the drawing does
     * @throws glance.api.RequestException if they do not fit the model, naming the value
     * @throws glance.api.FormatException if a file of the model or an adapter is damaged or does
     *     not fit
     */
    public Drawing prepare(Settings settings, RunListener listener) {
        if (closed) {
            throw new IllegalStateException("this model is closed; load it again");
        }
        SettingsCheck.require(settings, family, folder);
        PhasePlan plan = plan(settings);
        int tokens = family.promptTokens(folder).of(settings.maxPromptTokens());
        parts.makeRooms(settings, !open.isEmpty(), listener::note);
        List<Texts.Encoded> encoded = new ArrayList<>();
        List<Canvas.Reference> references = List.of();
        EncodedStart start = null;
        RunExperts ready = null;
        try {
            ExpertReader reader = experts.reader(tokens, listener);
            List<Expert> read = reader.read(loras(settings), plan, settings.firstStep(), listener);
            List<Texts.OfEncoders> ofEncoders =
                    reader.ofEncoders(read, settings.firstStep(), listener);
            encoded.addAll(
                    withRoom(
                            () ->
                                    texts.of(
                                            settings.batches(),
                                            shown(settings),
                                            tokens,
                                            ofEncoders,
                                            listener),
                            listener));
            LostWords.warn(settings, encoded, listener);
            parts.leaveEncoder();
            references = references(settings, listener);
            start = start(settings, listener);
            ready = experts.ready(read, plan, open.isEmpty());
            PipelineExperts.requirePlain(settings, ready);
            Drawing drawing =
                    new Drawing(this, settings, encoded, references, start, ready, listener);
            open.add(drawing);
            return drawing;
        } catch (RuntimeException | Error e) {
            if (ready != null) {
                ready.close();
            }
            encoded.forEach(Texts.Encoded::release);
            references.forEach(SeenPictures::release);
            if (start != null) {
                start.close();
            }
            throw e;
        } finally {
            parts.leaveEncoder();
        }
    }

    /** The experts of a batch: see {@link ExpertSet#together}. */
    RunExperts together(List<RunExperts> samples) {
        return experts.together(samples);
    }

    private Texts.Shown shown(Settings settings) {
        return family.references(folder)
                .map(rules -> Texts.Shown.of(settings.references(), rules))
                .orElse(Texts.Shown.NONE);
    }

    private List<Canvas.Reference> references(Settings settings, RunListener listener) {
        ReferenceRules rules = given == null ? family.references(folder).orElse(null) : given;
        if (rules == null || settings.references().isEmpty()) {
            return List.of();
        }
        return withRoom(() -> seen.of(settings.references(), rules, listener), listener);
    }

    /** The picture that the drawing starts from, or null. */
    private EncodedStart start(Settings settings, RunListener listener) {
        if (settings.start().isEmpty()) {
            return null;
        }
        StartCanvas canvas =
                new StartCanvas(
                        settings.start().get(),
                        new Size(settings.width(), settings.height()),
                        geometry);
        return withRoom(() -> EncodedStart.of(ops, parts, canvas, listener), listener);
    }

    /** Work before the steps, for which all but the parts that it needs may have to go. */
    private <T> T withRoom(Supplier<T> work, RunListener listener) {
        try {
            return work.get();
        } catch (DeviceException e) {
            if (!e.isOutOfMemory() || !parts.keepsDenoiser()) {
                throw e;
            }
            oneAtATime(listener);
            return work.get();
        }
    }

    /** Gives up everything that stays from run to run. */
    void oneAtATime(RunListener listener) {
        listener.warning("memory is short: from now on one part of the model at a time");
        texts.close();
        seen.close();
        parts.stream();
    }

    /** Adapters and those that a plan names for its phases. */
    public static List<Lora> loras(List<Lora> given, Plan plan) {
        return OwnExperts.withPlan(given, plan);
    }

    private static List<Lora> loras(Settings settings) {
        return loras(settings.loras(), settings.plan());
    }

    /** The device that it runs on. */
    public Device device() {
        return ops.device();
    }

    /**
     * A picture by adapters that are still in training.
     *
     * @param sample what to draw
     * @param experts of a phase (null for steps without one)
     */
    public BufferedImage draw(Sample sample, Function<String, StepExperts> experts) {
        RunListener silent = new RunListener() {};
        List<DenoisingStep> steps =
                DenoisingStep.of(sample.plan(), step -> experts.apply(step.phase()));
        Guidance guidance = sample.guidance();
        TokenGrid grid = sample.canvas().grid();
        try (Scope scope = ops.scope()) {
            Tensor noise = StartNoise.packed(ops, sample.seed(), 1, geometry, grid);
            Sampler sampler = new Sampler(ops, parts.denoiser(), silent);
            Conditioned conditioned =
                    sampler.prepare(
                                    List.of(sample.text()),
                                    steps,
                                    sample.canvas(),
                                    guidance.embedded())
                            .get(0);
            StartLatents begin = new StartLatents(noise);
            Tensor latents = sampler.run(conditioned, begin, steps, guidance, (tensor, step) -> {});
            return Pictures.of(ops, parts.codec().decode(ops, latents, grid)).get(0);
        } finally {
            parts.leaveCodec();
            parts.leaveDenoiser();
        }
    }

    void ended(Drawing drawing) {
        open.remove(drawing);
        if (open.isEmpty() && !parts.keepsDenoiser()) {
            experts.forget();
        }
    }

    /** Frees the parts of the model, for other work; the next run opens them again. */
    public void rest() {
        experts.forget();
        parts.close();
    }

    /** Frees everything that it has on the device. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        List.copyOf(open).forEach(Drawing::close);
        experts.forget();
        texts.close();
        seen.close();
        parts.close();
    }
}
