package glance.compare;

import glance.api.CancelledException;
import glance.api.Comparison.Run;
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
import java.util.List;

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

    /** The runs of one prompt and seed: the teacher and all others, in order. */
    private record Group(int prompt, long seed, List<Denoised> runs) {}

    /** Ready to run. */
    public ComparisonRun(Pipeline pipeline, ModelFolder folder, ComparisonRequest request) {
        this.pipeline = pipeline;
        this.folder = folder;
        this.request = request;
    }

    /**
     * Runs everything. If the listener asks for the end, the prompts and seeds that are complete by
     * then are measured.
     *
     * @throws glance.api.RequestException if a run does not fit the model, or the folder for runs
     *     is a file
     * @throws CancelledException if the listener asked for the end before anything was complete
     */
    public List<Outcome> run(RunListener listener, PictureSink pictures) {
        List<Run> all = request.runs();
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
                        List<Denoised> runs = new ArrayList<>();
                        for (int i = 0; i < all.size(); i++) {
                            Drawing drawing = drawings.get(i);
                            RunCache.Key key =
                                    new RunCache.Key(prompt, seed, request.settings().get(i));
                            runs.add(
                                    kept.get(key, () -> drawing.denoise(key.prompt(), key.seed())));
                        }
                        measure(drawings, new Group(prompt, seed, runs), outcomes, pictures);
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
        float[] reference = group.runs().get(0).latents();
        BufferedImage teacher = drawings.get(0).decode(reference);
        for (int i = 0; i < all.size(); i++) {
            Denoised run = group.runs().get(i);
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
