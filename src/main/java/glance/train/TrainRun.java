package glance.train;

import glance.api.Request;
import glance.api.Trained;
import glance.lora.PhaseNote;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.ops.WeightLimit;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.Pipeline;
import glance.pipeline.Sample;
import glance.pipeline.Settings;
import glance.pipeline.WeightRooms;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import glance.schedule.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Trains the adapters of a job on a device, one phase after the other. */
public final class TrainRun {
    private final Ops ops;
    private final TrainJob job;
    private final TrainListener listener;
    private final NoiseSchedule schedule;

    public TrainRun(Ops ops, TrainJob job, TrainListener listener) {
        this.ops = ops;
        this.job = job;
        this.listener = listener;
        this.schedule = job.family().schedule(job.folder());
    }

    /** What training works on: the same for all phases. */
    private record Subject(Denoiser denoiser, ExampleSet examples, TrainSamples samples) {}

    /**
     * Encodes the pictures, then trains each phase.
     *
     * @throws glance.api.RequestException if the folder is taken, or a target names no layer
     * @throws glance.api.FormatException if a picture or a checkpoint cannot be used
     * @throws glance.api.TrainingFailure if a number went wrong; the last checkpoint is kept
     * @throws glance.api.CancelledException if the listener asked for it; the state is in the
     *     checkpoint
     */
    public Trained run() {
        long start = System.nanoTime();
        job.files().requireFree();
        List<Trained.Adapter> adapters = new ArrayList<>();
        try (Scope scope = ops.scope()) {
            ExampleSet examples;
            Sample sample;
            // the text encoder is gone before the denoiser comes: each may take all there is
            ops.limitWeights(
                    WeightRooms.of(ops.device(), job.folder())
                            .limit(TrainingForecast.TEXT_ENCODER, false, listener::note));
            try (Encodings encodings =
                    new Encodings(
                            ops,
                            job.family(),
                            job.folder(),
                            job.maxPromptTokens(),
                            job.cache(),
                            listener::warning)) {
                Function<Canvas, Sample> drawn = job.sampleEvery() > 0 ? sample(encodings) : null;
                examples = examples(encodings);
                sample = drawn == null ? null : drawn.apply(examples.examples().get(0).canvas());
            }
            ops.limitWeights(
                    TrainingForecast.limit(ops.device(), job, examples.examples(), listener::note));
            try (TrainLock lock = job.files().prepare(sample != null);
                    Denoiser denoiser = job.family().openDenoiser(ops, job.folder())) {
                TrainSamples samples =
                        new TrainSamples(Pipeline.around(denoiser, ops, job.folder()), sample);
                listener.begins();
                for (String name : job.phases()) {
                    Trained.Adapter adapter = phase(new Subject(denoiser, examples, samples), name);
                    listener.adapter(adapter);
                    adapters.add(adapter);
                }
            }
        } finally {
            ops.limitWeights(WeightLimit.NONE);
        }
        return new Trained(adapters, (System.nanoTime() - start) * 1e-9);
    }

    private ExampleSet examples(Encodings encodings) {
        CaptionedPicture.withoutReferences(job.pictures()).ifPresent(listener::warning);
        boolean drops = job.settings().captionDropout() > 0;
        ExampleSet examples =
                new ExampleEncoder(
                                encodings,
                                job.fit(),
                                job.family().geometry(job.folder()),
                                job.family().references(job.folder()))
                        .encode(job.pictures(), drops ? " " : null);
        int computed = encodings.computed();
        listener.note(
                "texts and pictures: "
                        + (computed == 0
                                ? "encoded before"
                                : computed
                                        + (computed == 1 ? " encoding" : " encodings")
                                        + " computed"));
        return examples;
    }

    private Trained.Adapter phase(Subject subject, String name) {
        PhaseNote note =
                new PhaseNote(
                        job.plan().name(),
                        name,
                        sigmas(name, subject.examples().examples().get(0).grid()));
        Map<String, String> run =
                RunIdentity.of(
                        job.folder(),
                        subject.examples(),
                        note,
                        job.settings(),
                        job.maxPromptTokens(),
                        job.embeddedGuidance(),
                        ops.computeType());
        PhaseFiles files = job.files().phase(name);
        try (AdapterTrainer trainer =
                new AdapterTrainer(
                        ops,
                        subject.denoiser(),
                        subject.examples().examples(),
                        grid -> floats(sigmas(name, grid)),
                        job.settings(),
                        job.embeddedGuidance())) {
            PhaseTraining training = new PhaseTraining(ops, trainer, note, files, run);
            listener.phase(name, job.resume() ? training.resume() : 0);
            ops.device().memory().resetPeak();
            Steps steps = new Steps(name, subject.samples(), trainer.adapter());
            training.run(job.settings().steps(), job.checkpointEvery(), steps);
            return new Trained.Adapter(name, files.adapter(), steps.losses);
        }
    }

    /** Passes on what happens in a phase, and draws its samples. */
    private final class Steps implements TrainListener {
        private final String phase;
        private final TrainSamples samples;
        private final TrainableAdapter adapter;
        private final List<Float> losses = new ArrayList<>();

        Steps(String phase, TrainSamples samples, TrainableAdapter adapter) {
            this.phase = phase;
            this.samples = samples;
            this.adapter = adapter;
        }

        @Override
        public void step(AdapterTrainer.Result result, double seconds) {
            losses.add(result.loss());
            listener.step(result, seconds);
            if (job.sampleEvery() > 0 && result.step() % job.sampleEvery() == 0) {
                Path file = job.files().sample(phase, result.step());
                samples.write(file, phase, adapter);
                listener.sample(file);
            }
        }

        @Override
        public void warning(String message) {
            listener.warning(message);
        }

        @Override
        public boolean isCancelled() {
            return listener.isCancelled();
        }
    }

    private List<Float> sigmas(String phase, TokenGrid grid) {
        return PhasePlan.of(job.plan(), schedule, grid.tokens()).steps().stream()
                .filter(step -> phase.equals(PhaseNote.ALL) || phase.equals(step.phase()))
                .map(Step::sigma)
                .toList();
    }

    private static float[] floats(List<Float> values) {
        float[] result = new float[values.size()];
        for (int i = 0; i < result.length; i++) {
            result[i] = values.get(i);
        }
        return result;
    }

    /**
     * The picture that is drawn meanwhile: made from what the first picture is made from, at the
     * size that it would have without being asked for. Its text is encoded now, before pictures
     * are.
     */
    private Function<Canvas, Sample> sample(Encodings encodings) {
        CaptionedPicture first = job.pictures().get(0);
        Request.Size size =
                Settings.size(
                        Request.of(job.samplePrompt()).references(first.references()),
                        job.folder());
        TokenGrid grid = job.family().geometry(job.folder()).grid(size.width(), size.height());
        Family.Defaults defaults = Families.defaults(job.folder());
        Guidance guidance = Guidance.of(defaults);
        TextBatch text =
                encodings.text(
                        TrainSamples.texts(job.samplePrompt(), defaults, guidance),
                        ExampleEncoder.pictures(first.seen()));
        PhasePlan plan = PhasePlan.of(job.plan(), schedule, grid.tokens());
        long seed = job.settings().seed();
        return canvas ->
                new Sample(text, guidance, plan, new Canvas(grid, canvas.references()), seed);
    }
}
