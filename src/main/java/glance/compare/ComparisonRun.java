package glance.compare;

import glance.api.CancelledException;
import glance.api.Comparison.Run;
import glance.api.DeviceException;
import glance.api.Outcome;
import glance.api.Outcome.Distance;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.SceneScore;
import glance.io.ModelFolder;
import glance.pipeline.Drawing;
import glance.pipeline.Drawing.Denoised;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.pipeline.StartPicture;
import glance.scene.Scene;
import glance.scene.SceneScorer;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Makes the teacher's picture of every prompt and seed once, then those of all other runs, and
 * measures each. The model is loaded once.
 */
public final class ComparisonRun {
    /** Run first and thrown away, so that the JVM has compiled most when measuring begins. */
    private static final int WARM_UP_STEPS = 2;

    private final Pipeline pipeline;
    private final ModelFolder folder;
    private final ComparisonRequest request;

    /** Hears of every picture, in the order of prompts, seeds and runs, the teacher's first. */
    @FunctionalInterface
    public interface PictureSink {
        void accept(Outcome outcome, BufferedImage picture);
    }

    /**
     * The runs of one prompt and seed: the teacher and all others, in order.
     *
     * @param runs null where one was not made
     */
    private record Group(int prompt, long seed, Denoised[] runs) {}

    /** Ready to run. */
    public ComparisonRun(Pipeline pipeline, ModelFolder folder, ComparisonRequest request) {
        this.pipeline = pipeline;
        this.folder = folder;
        this.request = request;
    }

    /**
     * Runs everything. If the listener asks for the end, the prompts and seeds that are complete by
     * then are measured; of a grid, the cells.
     *
     * @throws glance.api.RequestException if a run does not fit the model, or the folder for runs
     *     is a file
     * @throws CancelledException if the listener asked for the end before anything was complete
     */
    public List<Outcome> run(RunListener listener, PictureSink pictures) {
        List<Drawing> drawings = new ArrayList<>();
        try {
            for (Settings settings : request.settings()) {
                drawings.add(pipeline.prepare(settings, listener));
            }
            Path cache = request.asked().cache().map(ComparisonFiles::folder).orElse(null);
            RunCache kept = new RunCache(pipeline, folder, request.setting(), cache, listener);
            List<Outcome> outcomes = new ArrayList<>();
            try {
                warmUp(listener);
                for (int prompt = 0; prompt < request.prompts().size(); prompt++) {
                    for (long seed : request.seeds()) {
                        Runs runs = new Runs(drawings, kept, prompt, seed);
                        try {
                            runs.make();
                        } catch (CancelledException e) {
                            if (runs.count()) {
                                measure(drawings, runs.group(), outcomes, pictures);
                            }
                            throw e;
                        }
                        measure(drawings, runs.group(), outcomes, pictures);
                    }
                }
            } catch (CancelledException e) {
                if (outcomes.isEmpty()) {
                    throw e;
                }
            }
            return outcomes;
        } finally {
            drawings.forEach(Drawing::close);
        }
    }

    /** The runs of one prompt and seed, where they are not kept from earlier. */
    private final class Runs {
        private final List<Drawing> drawings;
        private final RunCache cache;
        private final int prompt;
        private final long seed;
        private final Denoised[] made;

        Runs(List<Drawing> drawings, RunCache cache, int prompt, long seed) {
            this.drawings = drawings;
            this.cache = cache;
            this.prompt = prompt;
            this.seed = seed;
            this.made = new Denoised[drawings.size()];
        }

        void make() {
            for (int run = 0; run < made.length; run++) {
                made[run] = cache.find(key(run)).orElse(null);
            }
            for (int run = 0; run < made.length; run++) {
                if (made[run] == null) {
                    make(together(run));
                }
            }
        }

        /** Whether they are measured: all of a prompt and seed, or any cells beside the teacher. */
        boolean count() {
            boolean whole = Arrays.stream(made).allMatch(Objects::nonNull);
            return whole || request.grid() != null && made[0] != null;
        }

        Group group() {
            return new Group(prompt, seed, made);
        }

        /** A run, and those that are made in the same forward passes: cells of a grid. */
        private List<Integer> together(int run) {
            List<Integer> runs = new ArrayList<>(List.of(run));
            boolean cell = request.grid() != null && run > 0; // the teacher is none
            for (int other = run + 1; cell && other < made.length; other++) {
                if (made[other] == null && drawings.get(run).joins(drawings.get(other))) {
                    runs.add(other);
                }
            }
            int most =
                    runs.size() == 1
                            ? 1
                            : pipeline.mostTogether(request.settings().get(run), runs.size());
            return runs.subList(0, most);
        }

        private void make(List<Integer> runs) {
            List<Drawing> own = runs.stream().map(drawings::get).toList();
            List<Denoised> results;
            try {
                results = Drawing.denoise(own, prompt, seed);
            } catch (DeviceException e) {
                if (!e.isOutOfMemory() || runs.size() == 1) {
                    throw e;
                }
                int half = runs.size() / 2;
                make(runs.subList(0, half));
                make(runs.subList(half, runs.size()));
                return;
            }
            for (int i = 0; i < runs.size(); i++) {
                made[runs.get(i)] = results.get(i);
                cache.keep(key(runs.get(i)), results.get(i));
                if (i > 0) {
                    cache.skip(key(runs.get(i)));
                }
            }
        }

        private RunCache.Key key(int run) {
            return new RunCache.Key(prompt, seed, request.settings().get(run));
        }
    }

    private void warmUp(RunListener listener) {
        float strength = request.setting().start().map(StartPicture::strength).orElse(1f);
        double steps = Math.ceil(WARM_UP_STEPS / strength) + 1;
        Plan plan = Plans.uniform((int) Math.min(steps, Plan.MAX_STEPS));
        Settings settings = request.setting().with(plan, List.of());
        try (Drawing drawing = pipeline.prepare(settings, listener)) {
            drawing.denoise(0, request.seeds().get(0));
        }
    }

    private void measure(
            List<Drawing> drawings, Group group, List<Outcome> outcomes, PictureSink pictures) {
        List<Run> all = request.runs();
        float[] reference = group.runs()[0].latents();
        BufferedImage teacher = drawings.get(0).decode(reference);
        for (int i = 0; i < all.size(); i++) {
            Denoised run = group.runs()[i];
            if (run == null) {
                continue;
            }
            BufferedImage picture = i == 0 ? teacher : drawings.get(i).decode(run.latents());
            Distance distance =
                    i == 0
                            ? null
                            : new Distance(
                                    Psnr.of(picture, teacher),
                                    Ssim.of(picture, teacher),
                                    relativeError(run.latents(), reference));
            int steps = request.settings().get(i).steps();
            int passes = request.settings().get(i).guidance().isActive() ? 2 : 1;
            Outcome outcome =
                    new Outcome(
                            all.get(i).name(),
                            group.prompt(),
                            group.seed(),
                            steps,
                            passes * steps,
                            run.seconds(),
                            distance,
                            score(group.prompt(), picture));
            outcomes.add(outcome);
            pictures.accept(outcome, picture);
        }
    }

    private SceneScore score(int prompt, BufferedImage picture) {
        Scene scene = request.scenes().get(prompt);
        boolean judged =
                scene != null
                        && picture.getWidth() == Scene.SIDE
                        && picture.getHeight() == Scene.SIDE;
        return judged ? SceneScorer.score(scene, picture) : null;
    }

    /** {@code |x - y| / |y|} in the euclidean norm. */
    static double relativeError(float[] x, float[] y) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < y.length; i++) {
            double d = (double) x[i] - y[i];
            difference += d * d;
            length += (double) y[i] * y[i];
        }
        return Math.sqrt(difference / length);
    }
}
