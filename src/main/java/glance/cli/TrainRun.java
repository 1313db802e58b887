package glance.cli;

import glance.api.Plan;
import glance.io.BuiltInModel;
import glance.lora.PhaseNote;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import glance.pipeline.Pipeline;
import glance.pipeline.Sample;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import glance.schedule.Step;
import glance.train.AdapterTrainer;
import glance.train.Encodings;
import glance.train.ExampleSet;
import glance.train.PhaseTraining;
import glance.train.RunIdentity;
import glance.train.TrainingStopped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Trains the adapters of a job on a device, one phase after the other. */
final class TrainRun {
    private final Session session;
    private final Ops ops;
    private final TrainJob job;

    TrainRun(Session session, Ops ops, TrainJob job) {
        this.session = session;
        this.ops = ops;
        this.job = job;
    }

    /**
     * Encodes the pictures, then trains each phase.
     *
     * @return the exit code
     */
    int run() throws IOException {
        long start = System.nanoTime();
        try (Scope scope = ops.scope()) {
            return trained(start);
        }
    }

    private int trained(long start) throws IOException {
        ExampleSet examples;
        Sample sample = null;
        try (Encodings encodings =
                new Encodings(
                        ops,
                        job.family(),
                        job.folder(),
                        job.maxPromptTokens(),
                        job.cache(),
                        warning -> session.note("warning: " + warning))) {
            boolean drops = job.settings().captionDropout() > 0;
            if (job.sampleEvery() > 0) {
                sample = sample(encodings);
            }
            examples =
                    ExampleSet.encode(
                            encodings,
                            job.pictures(),
                            job.fit(),
                            job.family().geometry(job.folder()),
                            drops ? " " : null);
            session.note(
                    encodings.computed() == 0
                            ? "texts and pictures: encoded before"
                            : "texts and pictures: "
                                    + Units.plural(encodings.computed(), "encoding")
                                    + " computed");
        }
        try (TrainLock lock = job.files().prepare(job.sampleEvery() > 0);
                Denoiser denoiser = job.family().openDenoiser(ops, job.folder())) {
            job.record().write(job.files().record());
            TrainSamples samples =
                    sample == null
                            ? null
                            : new TrainSamples(
                                    Pipeline.around(denoiser, ops, job.folder()), sample);
            for (String name : job.phases()) {
                phase(denoiser, examples, name, samples);
            }
        } catch (TrainingStopped e) {
            session.note(
                    e.getMessage()
                            + "; glance-engine train --resume --out "
                            + ShellWord.of(job.files().folder().toString())
                            + " goes on from there");
            return ExitCode.INTERRUPTED;
        }
        for (String name : job.phases()) {
            session.out().println(job.files().phase(name).adapter());
        }
        session.note(
                Units.plural(job.phases().size(), "adapter")
                        + " in "
                        + Units.seconds((System.nanoTime() - start) * 1e-9)
                        + "; see what they do: "
                        + use());
        return ExitCode.OK;
    }

    /** The command that draws with what was trained now. */
    private String use() {
        boolean one = job.phases().size() == 1;
        Path adapters =
                one ? job.files().phase(job.phases().get(0)).adapter() : job.files().folder();
        boolean builtIn = job.folder().path().equals(BuiltInModel.path());
        return "glance-engine generate "
                + ShellWord.of(job.pictures().get(0).caption())
                + (builtIn ? "" : " --model " + ShellWord.of(job.folder().path().toString()))
                + " --lora "
                + ShellWord.of(adapters.toString());
    }

    private void phase(Denoiser denoiser, ExampleSet examples, String name, TrainSamples samples) {
        NoiseSchedule schedule = job.family().schedule(job.folder());
        PhaseNote note =
                new PhaseNote(
                        job.plan().name(),
                        name,
                        sigmas(job.plan(), name, schedule, examples.examples().get(0).grid()));
        Map<String, String> run =
                RunIdentity.of(
                        job.folder(),
                        examples,
                        note,
                        job.settings(),
                        job.maxPromptTokens(),
                        job.embeddedGuidance(),
                        ops.computeType());
        try (AdapterTrainer trainer =
                        new AdapterTrainer(
                                ops,
                                denoiser,
                                examples.examples(),
                                grid -> floats(sigmas(job.plan(), name, schedule, grid)),
                                job.settings(),
                                job.embeddedGuidance());
                TrainProgress progress =
                        new TrainProgress(
                                session,
                                name,
                                job.settings().steps(),
                                ops.device().memory(),
                                (adapter, step) -> {
                                    if (samples != null && step % job.sampleEvery() == 0) {
                                        samples.write(
                                                job.files().sample(name, step), name, adapter);
                                    }
                                })) {
            PhaseTraining training =
                    new PhaseTraining(ops, trainer, note, job.files().phase(name), run);
            int before = job.resume() ? training.resume() : 0;
            if (before > 0) {
                session.note(name + ": goes on after step " + before);
            }
            ops.device().memory().resetPeak();
            training.run(job.settings().steps(), job.checkpointEvery(), progress);
            progress.close();
            session.note(name + ": " + progress.summary());
        }
    }

    private static List<Float> sigmas(
            Plan plan, String phase, NoiseSchedule schedule, TokenGrid grid) {
        return PhasePlan.of(plan, schedule, grid.tokens()).steps().stream()
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

    private Sample sample(Encodings encodings) {
        Family.Geometry geometry = job.family().geometry(job.folder());
        TokenGrid grid = geometry.grid(geometry.defaultSize(), geometry.defaultSize());
        return TrainSamples.picture(
                encodings,
                Families.defaults(job.folder()),
                job.samplePrompt(),
                PhasePlan.of(job.plan(), job.family().schedule(job.folder()), grid.tokens()),
                grid,
                job.settings().seed());
    }
}
