package glance.compare;

import glance.compare.Outcome.Distance;
import glance.compare.scene.Scene;
import glance.compare.scene.SceneScore;
import glance.compare.scene.SceneScorer;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.pipeline.CancelledException;
import glance.pipeline.ImageSession;
import glance.pipeline.RunListener;
import glance.schedule.PlanSpec;
import glance.schedule.Plans;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the teacher's picture of every prompt and seed once, then those of all contenders, and
 * measures each. The model is loaded once.
 */
public final class Comparison {
    /** Run first and thrown away, so that the JVM has compiled most when measuring begins. */
    private static final PlanSpec WARM_UP = Plans.uniform(2);

    private final Ops ops;
    private final ModelFolder folder;
    private final ComparisonRequest request;
    private final Path cache;

    /** Hears of every picture, in the order of prompts, seeds and runs, the teacher's first. */
    @FunctionalInterface
    public interface PictureSink {
        void accept(Outcome outcome, BufferedImage picture);
    }

    /** The runs of one prompt and seed: the teacher and all contenders, in order. */
    private record Group(int prompt, long seed, List<ImageSession.Denoised> runs) {}

    /**
     * @param cache an existing folder in which runs are kept and found again, or null for none
     */
    public Comparison(Ops ops, ModelFolder folder, ComparisonRequest request, Path cache) {
        this.ops = ops;
        this.folder = folder;
        this.request = request;
        this.cache = cache;
    }

    /**
     * Runs everything. If the listener asks for the end, the prompts and seeds that are complete by
     * then are measured.
     *
     * @throws IllegalArgumentException if an adapter's steps are not in its plan
     * @throws CancelledException if the listener asked for the end before anything was complete
     */
    public List<Outcome> run(RunListener listener, PictureSink pictures) {
        try (ImageSession session = new ImageSession(ops, folder, request.setting(), listener)) {
            List<Contender> all = new ArrayList<>(List.of(request.teacher()));
            all.addAll(request.contenders());
            List<ImageSession.Recipe> recipes =
                    all.stream().map(c -> session.recipe(c.plan(), c.adapters())).toList();
            RunCache kept = new RunCache(ops, folder, request.setting(), cache, listener);
            List<Outcome> outcomes = new ArrayList<>();
            try {
                session.denoise(0, request.seeds().get(0), session.recipe(WARM_UP, List.of()));
                for (int prompt = 0; prompt < request.setting().prompts().size(); prompt++) {
                    for (long seed : request.seeds()) {
                        List<ImageSession.Denoised> runs = new ArrayList<>();
                        for (int i = 0; i < all.size(); i++) {
                            ImageSession.Recipe recipe = recipes.get(i);
                            RunCache.Run run = new RunCache.Run(prompt, seed, all.get(i));
                            runs.add(
                                    kept.get(
                                            run,
                                            () ->
                                                    session.denoise(
                                                            run.prompt(), run.seed(), recipe)));
                        }
                        Group group = new Group(prompt, seed, runs);
                        measure(session, group, all, recipes, outcomes, pictures);
                    }
                }
            } catch (CancelledException e) {
                if (outcomes.isEmpty()) {
                    throw e;
                }
            }
            return outcomes;
        }
    }

    private void measure(
            ImageSession session,
            Group group,
            List<Contender> all,
            List<ImageSession.Recipe> recipes,
            List<Outcome> outcomes,
            PictureSink pictures) {
        float[] reference = group.runs().get(0).latents();
        BufferedImage teacher = session.decode(reference);
        int passes = request.setting().guidance().isActive() ? 2 : 1;
        for (int i = 0; i < all.size(); i++) {
            ImageSession.Denoised run = group.runs().get(i);
            BufferedImage picture = i == 0 ? teacher : session.decode(run.latents());
            Distance distance =
                    i == 0
                            ? null
                            : new Distance(
                                    Psnr.of(picture, teacher),
                                    Ssim.of(picture, teacher),
                                    relativeError(run.latents(), reference));
            int steps = recipes.get(i).steps();
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
